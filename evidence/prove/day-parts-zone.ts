import { normaliseContext } from '../../domain/targeting/context.ts';
import { createTargetingIndex, type Targeted } from '../../domain/targeting/index/targeting-index.ts';
import { matchCampaign } from '../../domain/targeting/plain-matcher.ts';
import { holdsByMinute } from './day-parts-oracle.ts';
import { asCampaign, makeSchedules } from './day-parts-schedules.ts';

/** What one zone's year showed. */
export interface ZoneReport {
  readonly zone: string;
  readonly minutes: number;
  readonly schedules: number;
  readonly matches: number;
  readonly misses: number;
  /** Minutes that the plain matcher was asked about, too. */
  readonly asked: number;
  /** Changes of the clocks, and the minutes on the wall that came twice or never. */
  readonly changes: number;
  readonly repeated: number;
  readonly skipped: number;
  readonly wrong: readonly string[];
}

const minuteMs = 60_000;
const wrongMax = 5;

/**
 * One zone, every minute of a year. The wall clock is the runtime's own local time: this process was started with TZ set to the zone,
 * which goes another way than the product's zone.ts.
 */
export function walkZone(zone: string, year: number, seed: number): ZoneReport {
  const schedules = makeSchedules(seed, 26);
  const holds = schedules.map(holdsByMinute);
  const campaigns = schedules.map((schedule) => asCampaign(schedule, zone));
  const index = createTargetingIndex<Targeted>();
  for (const campaign of campaigns) index.put(campaign);
  const count = { minutes: 0, matches: 0, misses: 0, asked: 0, changes: 0, repeated: 0, skipped: 0 };
  const wrong: string[] = [];
  let before: number | null = null;
  let sinceChange = 0;
  for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += minuteMs) {
    const wall = new Date(at);
    const minuteOfWeek = ((wall.getDay() + 6) % 7) * 1_440 + wall.getHours() * 60 + wall.getMinutes();
    const offset = wall.getTimezoneOffset();
    if (before !== null && offset !== before) {
      count.changes += 1;
      if (offset > before) count.repeated += offset - before;
      else count.skipped += before - offset;
      sinceChange = 0;
    }
    before = offset;
    sinceChange += 1;
    const expected = campaigns.filter((_, which) => holds[which]?.[minuteOfWeek] === 1);
    // Half of the moments know their own zone, the others take the campaign's.
    const context = normaliseContext(count.minutes % 2 === 0 ? {} : { user: { time_zone: zone } }, at);
    const found = index.match(context);
    count.minutes += 1;
    count.matches += expected.length;
    count.misses += campaigns.length - expected.length;
    if (!isSame(found, expected)) wrong.push(`index at ${wall.toISOString()}: ${differing(found, expected)}`);
    if (sinceChange < 180 || count.minutes % 61 === 0) {
      count.asked += 1;
      const plain = campaigns.filter((campaign) => matchCampaign(campaign, context).ok);
      if (!isSame(plain, expected)) wrong.push(`plain matcher at ${wall.toISOString()}: ${differing(plain, expected)}`);
    }
    if (wrong.length >= wrongMax) break;
  }
  return { zone, schedules: schedules.length, ...count, wrong };
}

function isSame(found: readonly Targeted[], expected: readonly Targeted[]): boolean {
  return found.length === expected.length && found.every((campaign, at) => campaign === expected[at]);
}

function differing(found: readonly Targeted[], expected: readonly Targeted[]): string {
  const only = (some: readonly Targeted[], others: readonly Targeted[]) =>
    some.filter((one) => !others.includes(one)).map(({ id, targeting }) => `${id} ${JSON.stringify(targeting)}`);
  return `unwanted ${only(found, expected)[0] ?? 'none'}, missing ${only(expected, found)[0] ?? 'none'}`;
}

const [zone, year, seed] = process.argv.slice(2);
if (import.meta.main) process.stdout.write(JSON.stringify(walkZone(String(zone), Number(year), Number(seed))));
