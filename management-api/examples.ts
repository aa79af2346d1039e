import type { TSchema } from 'typebox';

/** What the document shows of fields that have a meaning beyond their type. Money is whole micros. */
const byName: Readonly<Record<string, unknown>> = {
  id: '0197a5c0-0000-7000-8000-000000000001',
  campaign_id: '0197a5c0-0000-7000-8000-000000000001',
  advertiser_id: '0197a5c0-0000-7000-8000-00000000000a',
  advertiser_name: 'Acme',
  organisation_id: '00000000-0000-7000-a000-000000000001',
  name: 'Spring',
  description: 'The launch in spring',
  starts_at: '2026-12-01T00:00:00.000Z',
  ends_at: '2026-12-31T00:00:00.000Z',
  start_date: '2026-12-01T00:00:00.000Z',
  end_date: '2026-12-31T00:00:00.000Z',
  running_at: '2026-12-24T18:00:00Z',
  created_at: '2026-11-20T09:00:00.000Z',
  updated_at: '2026-11-20T09:30:00.000Z',
  expires_at: '2027-11-20T09:00:00Z',
  time_zone: 'America/New_York',
  pricing: { model: 'cpm', rate_micros: 25_000_000 },
  total_budget_micros: 500_000_000,
  daily_budget_micros: 20_000_000,
  pacing_curve: null,
  duration_seconds: 30,
  min_ads: 1,
  max_ads: 6,
  allowed_durations: [15, 30],
  conditions: [{ dimension: 'geo_countries', mode: 'include', values: ['US'] }],
  path: ['Food', 'Snacks'],
  url: 'https://cdn.example/spot.mp4',
  click_through: 'https://acme.example/',
  email: 'ann@acme.example',
  password: 'correct horse battery',
  new_password: 'another horse battery',
  key: 'bw_1f2e3d4c5b6a_…',
  cursor: 'WyJwb2RzIiwiQSIsIjAxIl0',
  next_cursor: null,
  pointer: '/name',
  detail: 'is taken',
  sequence: 7,
  category_ids: ['0197a5c0-0000-7000-8000-00000000000c'],
  parent_category_id: null,
  creative_id: null,
  version: 3,
  actor: 'user:0197a5c0-0000-7000-8000-00000000000e',
  resource: 'campaign',
  resource_id: '0197a5c0-0000-7000-8000-000000000001',
  access_token: 'eyJhbGciOiJIUzI1NiJ9…',
  refresh_token: 'kT5sQf0W3nq8Zc1XyVb7Lm2Rj6Hd4GpA',
  expires_in: 900,
  warnings: [],
};

/** Text for patterns that have no name here. */
const texts = [
  'Text',
  'video/mp4',
  'en',
  'https://acme.example/x',
  'acme.example',
  'IAB1',
  '2026-12-01',
  '2026-12-01T00:00:00Z',
  '0123456789abcdef'.repeat(4),
];

interface Known {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly TSchema[];
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly items?: TSchema;
  readonly pattern?: string;
  readonly format?: string;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly examples?: readonly unknown[];
}

/** A value that the schema allows, as somebody would send or get it. A request shows what is needed and little more. */
export function exampleOf(schema: TSchema, name = '', only: 'needed' | 'all' = 'all'): unknown {
  const known = schema as unknown as Known;
  if (known.examples?.[0] !== undefined) return known.examples[0];
  if (Object.hasOwn(byName, name) && fits(byName[name], known)) return byName[name];
  if (known.const !== undefined) return known.const;
  if (known.enum !== undefined) return known.enum[0];
  const [first] = known.anyOf ?? [];
  if (first !== undefined) return exampleOf(first, name, only);
  const type = typeof known.type === 'string' ? known.type : known.type?.[0];
  if (type === 'object') return objectOf(known, only);
  if (type === 'array')
    return (known.minItems ?? 0) === 0 && only === 'needed'
      ? []
      : [exampleOf(known.items ?? ({} as TSchema), name, only)];
  if (type === 'string') return textOf(known);
  if (type === 'integer' || type === 'number')
    return Math.min(Math.max(known.minimum ?? 1, 1), known.maximum ?? Infinity);
  if (type === 'boolean') return false;
  return type === 'null' ? null : {};
}

function objectOf({ properties = {}, required = [] }: Known, only: 'needed' | 'all'): object {
  const shown = Object.entries(properties).filter(([name]) => only === 'all' || required.includes(name));
  const some = shown.length > 0 ? shown : Object.entries(properties).slice(0, 1);
  return Object.fromEntries(some.map(([name, inner]) => [name, exampleOf(inner, name, only)]));
}

function textOf({ format, pattern, minLength = 0, maxLength = Infinity }: Known): string {
  if (format === 'uuid') return '0197a5c0-0000-7000-8000-000000000001';
  if (format === 'date-time') return '2026-12-01T00:00:00Z';
  const good = (text: string) =>
    text.length >= minLength &&
    text.length <= maxLength &&
    (pattern === undefined || new RegExp(pattern, 'u').test(text));
  return texts.find(good) ?? texts[0] ?? '';
}

/** A name may mean something else elsewhere. */
function fits(
  value: unknown,
  { type, enum: listed, anyOf, minimum = -Infinity, maximum = Infinity, pattern, items }: Known,
): boolean {
  if (anyOf !== undefined) return anyOf.some((each) => fits(value, each as unknown as Known));
  if (listed !== undefined) return listed.includes(value);
  const types = typeof type === 'string' ? [type] : (type ?? []);
  if (value === null) return types.includes('null');
  if (Array.isArray(value)) return types.includes('array') && value.every((each) => fits(each, (items ?? {}) as Known));
  if (typeof value === 'number')
    return (types.includes('integer') || types.includes('number')) && value >= minimum && value <= maximum;
  if (typeof value === 'string')
    return types.includes('string') && (pattern === undefined || new RegExp(pattern, 'u').test(value));
  return types.includes(typeof value);
}

const titles: Readonly<Record<number, string>> = {
  400: 'Invalid request',
  401: 'Not valid',
  403: 'Not allowed',
  404: 'Not found',
  409: 'There already',
  412: 'Changed meanwhile',
  413: 'Body too large',
  415: 'Another type of body',
  422: 'Contradicts itself',
  428: 'If-Match is needed',
  429: 'Too many requests',
  503: 'Away',
};

/** A problem as the status is told; those about a body point to a field. */
export function problemExample(status: number): object {
  const title = titles[status] ?? 'Refused';
  const errors = [400, 409, 422].includes(status)
    ? { errors: [{ pointer: '/name', detail: 'says what is wrong with it' }] }
    : {};
  return { type: 'about:blank', title, status, detail: 'says what is wrong in a sentence', ...errors };
}
