import fc from 'fast-check';
import type { Campaign } from '../../domain/campaign.ts';
import { capFaults } from '../../domain/frequency/cap-set.ts';
import { micros } from '../../domain/money.ts';
import { creativeParts } from '../../domain/test-creatives.ts';

export type NewCampaign = Omit<Campaign, 'version'>;

const uuid = fc.uuid();
/** PostgreSQL holds no NUL. */
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
const money = fc.maxSafeNat().map(micros);
const count = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const time = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2100, 0, 1) });
const value = fc.oneof(
  text,
  fc.integer(),
  fc.record({ min: fc.nat(), max: fc.nat() }),
  fc.constant({ start: '22:00', end: '02:00' }),
);
const condition = fc.record({
  dimension: fc.constantFrom('geo_countries', 'geo_dma_codes', 'age_ranges', 'gender', 'day_parts', 'days_of_week'),
  mode: fc.constantFrom('include', 'exclude'),
  values: fc.array(value, { maxLength: 4 }),
});
const rule = fc.record({ id: uuid, conditions: fc.array(condition, { maxLength: 5 }) });
const media = fc.record(
  {
    url: fc.webUrl(),
    type: fc.constantFrom('video/mp4', 'application/x-mpegURL'),
    delivery: fc.constantFrom('progressive', 'streaming'),
    width: count,
    height: count,
    bitrateKbps: fc.option(count),
    codec: text,
    minBitrateKbps: count,
    maxBitrateKbps: count,
  },
  { requiredKeys: ['url', 'type', 'delivery', 'width', 'height', 'bitrateKbps'] },
);
const creative = fc
  .tuple(
    fc.record({
      id: uuid,
      name: text,
      durationSeconds: fc.integer({ min: 1, max: 120 }),
      status: fc.constantFrom('active', 'inactive', 'processing', 'failed'),
      media: fc.array(media, { maxLength: 3 }),
      clickThrough: fc.option(fc.webUrl()),
    }),
    creativeParts,
  )
  .map(([made, parts]) => ({ ...made, ...parts }));
/** A path of fresh categories, of which some steps are the campaign's own: ancestors agree with each other. */
const categories = fc
  .tuple(
    fc.uniqueArray(fc.tuple(uuid, uuid), { maxLength: 4, selector: ([id]) => id }),
    fc.infiniteStream(fc.boolean()),
  )
  .map(([path, own]) =>
    path.flatMap(([id, name], index) => {
      const ancestors = path.slice(0, index).map(([above]) => above);
      return own.next().value ? [{ id, name, ancestors: ancestors.reverse() }] : [];
    }),
  );

/** Any campaign that can be put. */
export const campaigns: fc.Arbitrary<NewCampaign> = fc
  .uniqueArray(creative, { maxLength: 3, selector: ({ id }) => id })
  .chain((creatives) =>
    fc.record({
      id: uuid,
      name: text,
      advertiserId: uuid,
      advertiserName: text,
      status: fc.constantFrom('draft', 'active', 'paused', 'completed'),
      startsAt: time,
      endsAt: time,
      timeZone: fc.constantFrom('UTC', 'America/New_York'),
      pricing: fc.record({ model: fc.constantFrom('cpm', 'cpc', 'cpv', 'flat'), priceMicros: money }),
      totalBudgetMicros: fc.option(money),
      dailyBudgetMicros: fc.option(money),
      goalImpressions: fc.option(fc.maxSafeNat()),
      pacingMode: fc.constantFrom('even', 'asap', 'front_loaded'),
      tier: fc.constantFrom('standard', 'house'),
      targeting: fc.uniqueArray(rule, { maxLength: 3, selector: ({ id }) => id }),
      caps: fc.array(
        fc.record({
          scope: fc.constantFrom('user', 'device', 'household', 'ip', 'stream', 'pod'),
          creativeId: fc.constantFrom(null, ...creatives.map(({ id }) => id)),
          windowSeconds: fc.constantFrom(60, 3_600, 86_400, 604_800, 2_678_400, null),
          max: fc.integer({ min: 1, max: 40 }),
          countsFrom: fc.integer({ min: 1, max: 2_000_000_000_000 }),
        }),
        { maxLength: 9 },
      ),
      categories,
      creatives: fc.constant(creatives),
    }),
  )
  .map((made) => ({ ...made, endsAt: Math.max(made.startsAt, made.endsAt), caps: sensible(made) }));

/** As many of the caps as make a set that is not refused. */
function sensible({ caps, creatives }: Pick<NewCampaign, 'caps' | 'creatives'>): NewCampaign['caps'] {
  const ids = creatives.map(({ id }) => id);
  const kept: NewCampaign['caps'][number][] = [];
  for (const cap of caps) if (capFaults([...kept, cap], ids).length === 0) kept.push(cap);
  return kept;
}

/** One and the same, without its parts. */
export function sample(changes: Partial<NewCampaign> = {}): NewCampaign {
  const [made] = fc.sample(campaigns, { numRuns: 1, seed: 7 });
  if (!made) throw new Error('no sample');
  return { ...made, targeting: [], caps: [], categories: [], creatives: [], ...changes };
}
