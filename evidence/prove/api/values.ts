import type { Schema } from './document.ts';
import type { Draw } from './draw.ts';
import type { Pool } from './pool.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 1);
/** Values of each targeting dimension that a request can have; others are found in the document's own examples. */
const dimensionValues: Readonly<Record<string, readonly unknown[]>> = {
  geo_countries: ['US', 'CA', 'GB', 'UK'],
  geo_regions: ['US-CA', 'US-NY'],
  geo_cities: ['Los Angeles', 'US-CA/San Diego'],
  geo_dma_codes: ['803', '501'],
  device_types: ['smart_tv', 'mobile'],
  os_types: ['tizen', 'android'],
  device_brands: ['samsung', 'lg'],
  content_categories: ['sports', 'news'],
  content_genres: ['drama'],
  content_ratings: ['PG', 'G'],
  age_ranges: [{ min: 18, max: 34 }, '55+'],
  gender: ['male', 'female', 'all'],
  household_income: [{ min: 50_000 }, '75000-150000'],
  time_zones: ['America/New_York', 'UTC'],
  day_parts: [
    { start: '18:00', end: '23:00' },
    { start: '22:00', end: '02:00' },
  ],
  days_of_week: [1, 5, 7],
};

/** Text that some pattern of the document may want. */
const texts = [
  'https://cdn.example/spot.mp4',
  'video/mp4',
  'en',
  'en-US',
  'acme.example',
  'IAB1',
  'avc1.640028',
  '0'.repeat(64),
  '2026-12-01T00:00:00Z',
  '2026-12-01',
  'viewer@acme.example',
  'Text',
  '1',
];

/** Makes values that a schema allows; where fields depend on each other or on what there is, values that fit. */
export class Values {
  readonly #draw: Draw;
  readonly #pool: Pool;
  #made = 0;

  constructor(draw: Draw, pool: Pool) {
    this.#draw = draw;
    this.#pool = pool;
  }

  body(schema: Schema, path: string): unknown {
    const value = this.#of(schema, path.split('/').at(-1) ?? '', schema.$defs ?? {});
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? this.#agreeing(value as Record<string, unknown>, path)
      : value;
  }

  /** A value for a parameter of a query, as text. */
  query(schema: Schema, name: string): string {
    if (name.endsWith('_at') || schema.format === 'date-time') return '2026-06-01T00:00:00Z';
    const value = this.#of(schema, name, {});
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }

  #of(schema: Schema, name: string, defs: Readonly<Record<string, Schema>>): unknown {
    const known = this.#known(name);
    if (known !== undefined) return known;
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return this.#draw.of(schema.enum);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return this.#of(this.#draw.of(choices), name, defs);
    if (schema.$ref !== undefined) return this.#of(defs[schema.$ref] ?? {}, name, defs);
    const type = Array.isArray(schema.type) ? this.#draw.of(schema.type) : schema.type;
    if (type === 'object') return this.#object(schema, defs);
    if (type === 'array') return this.#array(schema, name, defs);
    if (type === 'string') return this.#text(schema, name);
    if (type === 'integer' || type === 'number') return this.#number(schema, type);
    if (type === 'boolean') return this.#draw.chance(50);
    return null;
  }

  /** Fields whose values must be something that there is. Undefined: any value will do. */
  #known(name: string): unknown {
    if (name === 'advertiser_id') return this.#pool.any('advertisers');
    if (name === 'campaign_id') return this.#pool.any('campaigns');
    if (name === 'campaign_ids') return [this.#pool.any('campaigns')];
    if (name === 'category_ids') return this.#pool.some('categories', 3);
    if (name === 'parent_category_id') return this.#draw.chance(50) ? null : this.#pool.any('categories');
    if (name === 'creative_id') return null;
    if (name === 'time_zone') return this.#draw.of(['UTC', 'Europe/Berlin', 'America/New_York']);
    if (name === 'email') return `u${++this.#made}.${this.#draw.below(1e9)}@acme.example`;
    if (name === 'password' || name === 'new_password') return 'correct horse battery';
    return undefined;
  }

  #object(schema: Schema, defs: Readonly<Record<string, Schema>>): object {
    const fields = Object.entries(schema.properties ?? {});
    const needed = new Set(schema.required ?? []);
    const made = fields.flatMap(([name, inner]) =>
      needed.has(name) || this.#draw.chance(30)
        ? [[name, this.#of(inner, name, { ...defs, ...schema.$defs })] as const]
        : [],
    );
    if (made.length > 0 || fields.length === 0) return Object.fromEntries(made);
    const [name, inner] = this.#draw.of(fields);
    return { [name]: this.#of(inner, name, defs) };
  }

  #array(schema: Schema, name: string, defs: Readonly<Record<string, Schema>>): unknown[] {
    const least = schema.minItems ?? 0;
    const most = Math.min(schema.maxItems ?? 3, least + 2);
    const length = least + this.#draw.below(most - least + 1);
    const items = Array.from({ length }, () => this.#of(schema.items ?? {}, `${name}[]`, defs));
    return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
  }

  #text({ pattern, format, minLength = 0, maxLength = 100 }: Schema, name: string): string {
    if (format === 'uuid') return this.#draw.uuid();
    if (format === 'date-time') return new Date(START_MS + this.#draw.below(400) * DAY_MS).toISOString();
    if (name === 'name' || (name.endsWith('[]') && pattern === undefined))
      return `Thing ${++this.#made} ${this.#draw.below(1e6)} äöü 広告`.slice(0, maxLength);
    const fits = (text: string) =>
      text.length >= minLength &&
      text.length <= maxLength &&
      (pattern === undefined || new RegExp(pattern, 'u').test(text));
    return texts.find(fits) ?? texts.filter((text) => text.length <= maxLength)[0] ?? '';
  }

  #number({ minimum = 0, maximum = minimum + 1_000, multipleOf }: Schema, type: string): number {
    const span = Math.min(maximum - minimum, 1_000_000);
    if (type === 'number' && span <= 1) return minimum + this.#draw.below(101) / 100;
    const value = minimum + this.#draw.below(span + 1);
    return multipleOf === undefined ? value : Math.ceil(value / multipleOf) * multipleOf;
  }

  /** Brings fields into agreement that the schema cannot say. */
  #agreeing(body: Record<string, unknown>, path: string): Record<string, unknown> {
    const has = (name: string) => Object.hasOwn(body, name);
    if (has('starts_at') || has('ends_at')) Object.assign(body, this.#flight());
    if (has('start_date') || has('end_date')) {
      const { starts_at: start_date, ends_at: end_date } = this.#flight();
      Object.assign(body, { start_date, end_date });
    }
    if (has('pricing')) {
      const model = this.#draw.of(['cpm', 'cpc', 'cpv']);
      body.pricing = { model, rate_micros: (1 + this.#draw.below(50_000)) * 1_000 };
    }
    if (has('total_budget_micros') || has('daily_budget_micros')) {
      body.total_budget_micros = 1_000_000_000 + this.#draw.below(1e9);
      body.daily_budget_micros = 1 + this.#draw.below(1e8);
    }
    if (has('pacing_mode') || has('pacing_curve')) {
      body.pacing_mode = this.#draw.of(['even', 'asap', 'front_loaded']);
      body.pacing_curve = null;
    }
    if (has('expires_at')) body.expires_at = '2099-01-01T00:00:00Z';
    if (has('min_ads') || has('max_ads'))
      Object.assign(body, { min_ads: this.#draw.below(3), max_ads: 3 + this.#draw.below(20) });
    if (has('conditions')) body.conditions = this.conditions();
    if (has('rules') && path.endsWith('/targeting'))
      body.rules = [{ conditions: this.conditions() }, { conditions: this.conditions() }];
    if (has('window') && has('scope')) Object.assign(body, this.#cap());
    if (has('caps')) body.caps = [this.#cap()];
    if (has('measures')) Object.assign(body, this.#report());
    if (has('report')) body.report = this.#report();
    if (has('arms')) {
      body.arms = ['control', 'other'].map((name) => ({ name, weight: 1 + this.#draw.below(9) }));
    }
    if (has('media')) body.media = [this.#file()];
    if (/^\/api\/v2\/.*creatives(\/|$)/.test(path)) this.#plainCreative(body);
    return body;
  }

  #report() {
    const measures = this.#draw.of([['impressions'], ['impressions', 'clicks', 'ctr'], ['spend_micros']]);
    return {
      measures,
      dimensions: this.#draw.of([[], ['campaign'], ['country', 'device_type']]),
      range: 'last_7_days',
    };
  }

  #flight() {
    const from = START_MS + this.#draw.below(300) * DAY_MS;
    const until = from + (1 + this.#draw.below(300)) * DAY_MS;
    return { starts_at: new Date(from).toISOString(), ends_at: new Date(until).toISOString() };
  }

  conditions(): object[] {
    const names = Object.keys(dimensionValues);
    return Array.from({ length: 1 + this.#draw.below(3) }, () => {
      const dimension = this.#draw.of(names);
      const mode = this.#draw.of(['include', 'exclude']);
      return { dimension, mode, values: [this.#draw.of(dimensionValues[dimension] ?? [])] };
    });
  }

  #cap() {
    const window = this.#draw.of(['minute', 'hour', 'day', 'week', 'month', 'lifetime']);
    return {
      scope: this.#draw.of(['user', 'device', 'household', 'ip']),
      window,
      max_impressions: 1 + this.#draw.below(50),
    };
  }

  #file() {
    const url = `https://cdn.example/${this.#draw.below(1e6)}.mp4`;
    return { url, type: 'video/mp4', delivery: 'progressive', width: 1920, height: 1080, bitrate_kbps: 4_000 };
  }

  /** Parts of a creative that need each other are left out: a file makes it whole. */
  #plainCreative(body: Record<string, unknown>): void {
    const kept = ['name', 'duration_seconds', 'click_through', 'status', 'place', 'weight', 'title', 'media'];
    for (const name of Object.keys(body)) if (!kept.includes(name) && this.#draw.chance(85)) delete body[name];
    body.media = [this.#file()];
    if (Object.hasOwn(body, 'click_through')) body.click_through = 'https://acme.example/';
  }
}
