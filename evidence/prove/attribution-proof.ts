import fc from 'fast-check';
import { attribute, type Conversion, WHOLE } from '../../domain/attribution/attribute.ts';
import { type ModelName, modelNames } from '../../domain/attribution/models.ts';
import { type PlainConversion, plainEffects, plainPath, plainShares } from './attribution-oracle.ts';
import { proveStoredPaths } from './attribution-stored.ts';
import { checkProperty, sum } from './check-property.ts';
import type { ProofOptions, Tally } from './proof.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const campaigns = ['a', 'b', 'c', 'd', 'e'].map((letter) => `${letter.repeat(8)}-0000-7000-8000-000000000000`);

/** Days of 2026 around a change of clocks; whole hours make touches of one instant, and those at the very end of a window, likely. */
const instant = fc.integer({ min: 0, max: 24 * 45 }).map((hours) => Date.UTC(2026, 9, 1) + hours * HOUR_MS);

const conversion = fc.record({
  at: instant,
  value: fc.oneof(
    fc.integer({ min: 0, max: 20 }),
    fc.integer({ min: 0, max: 2_000_000_000 }),
    fc.integer({ min: -5_000_000, max: -1 }),
  ),
  touches: fc.array(
    fc.record({
      at: instant,
      click: fc.boolean(),
      campaign: fc.constantFrom(...campaigns),
      id: fc.nat(50).map((n) => `r${n}`),
    }),
    { maxLength: 12 },
  ),
});

const drawn = fc.record({
  conversions: fc.array(conversion, { maxLength: 12 }),
  clickDays: fc.constantFrom(1, 7, 14, 30),
  viewDays: fc.constantFrom(1, 7, 14, 30),
  halfLifeDays: fc.constantFrom(1, 7, 7, 7, 30),
  lost: fc.array(
    fc.record({
      campaigns: fc.array(fc.constantFrom(...campaigns), { minLength: 1, maxLength: 5 }),
      lost: fc.integer({ min: 1, max: 20 }),
    }),
    { maxLength: 4 },
  ),
});

/** Every model against the plain one; then paths out of a warehouse, also when conversions come late. */
export async function proveAttribution(options: ProofOptions): Promise<Tally> {
  const pure = modelNames.map((model) => proveModel(model, options));
  return sum([...pure, await proveStoredPaths(options)]);
}

function proveModel(model: ModelName, options: ProofOptions): Tally {
  const counts = { conversions: 0, credits: 0, longest_path: 0, without_touch: 0, uneven: 0 };
  const property = fc.property(drawn, ({ conversions, clickDays, viewDays, halfLifeDays, lost }) => {
    const ways = lost.map((one) => ({ ...one, converted: 0 }));
    const settings = {
      windows: { clickMs: clickDays * DAY_MS, viewMs: viewDays * DAY_MS },
      halfLifeMs: halfLifeDays * DAY_MS,
      lost: lost.flatMap(({ campaigns: way, lost: times }) =>
        [null, ...way].map((from, at) => ({ from, to: way[at] ?? null, times })),
      ),
    };
    const asked = conversions.map(
      (one, index): Conversion => ({
        id: String(index),
        at: one.at,
        valueMicros: one.value,
        touches: one.touches.map(({ click, id, ...touch }) => ({
          ...touch,
          kind: click ? 'click' : 'view',
          creative: touch.campaign,
          reservation: id,
        })),
      }),
    );
    const { credits, unattributed } = attribute(asked, model, settings);
    const paths = conversions.map((one) => plainPath(one, clickDays, viewDays));
    const effects =
      model === 'data_driven'
        ? plainEffects([
            ...ways,
            ...paths.map((path) => ({ campaigns: path.map((touch) => touch.campaign), converted: 1, lost: 0 })),
          ])
        : new Map<string, number>();
    conversions.forEach((one, index) => {
      const own = credits.filter((credit) => credit.conversion.id === String(index));
      const path = paths[index] ?? [];
      checkConversion(one, path, own, plainShares(path, model, one.at, halfLifeDays, effects), model);
      counts.conversions++;
      counts.credits += own.length;
      counts.longest_path = Math.max(counts.longest_path, path.length);
      if (path.length === 0) counts.without_touch++;
      else if (one.value % path.length !== 0) counts.uneven++;
    });
    equal(unattributed.length, paths.filter((path) => path.length === 0).length, 'conversions without a touch');
  });
  return checkProperty(`attribution ${model}`, property, options, () => JSON.stringify(counts));
}

type Own = readonly {
  readonly touch: { readonly reservation: string; readonly at: number };
  readonly valueMicros: number;
  readonly parts: number;
}[];

function checkConversion(
  one: PlainConversion,
  path: readonly { id: string; at: number }[],
  own: Own,
  shares: readonly number[],
  model: ModelName,
): void {
  equal(
    own.map(({ touch }) => `${touch.at} ${touch.reservation}`),
    path.map(({ at, id }) => `${at} ${id}`),
    'the path',
  );
  if (path.length === 0) return;
  equal(total(own.map(({ valueMicros }) => valueMicros)), one.value, 'micros of a conversion');
  equal(total(own.map(({ parts }) => parts)), WHOLE, 'parts of a conversion');
  // A rounded share is less than one away from the exact one; doubles of removal effects are a little off themselves.
  const off = model === 'data_driven' ? 1e-7 : 1e-9;
  const isNear = (found: number, whole: number, share: number) =>
    Math.abs(found - share * whole) < 1 + Math.abs(whole) * off;
  shares.forEach((share, index) => {
    const value = own[index]?.valueMicros ?? Number.NaN;
    const parts = own[index]?.parts ?? Number.NaN;
    if (!isNear(value, one.value, share))
      throw new Error(`touch ${index} got ${value} of ${one.value}, its share is ${share}`);
    if (!isNear(parts, WHOLE, share))
      throw new Error(`touch ${index} got ${parts} parts of ${WHOLE}, its share is ${share}`);
    if (!Number.isInteger(value) || !Number.isInteger(parts)) throw new Error(`${value} or ${parts} is not whole`);
  });
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

export function equal(found: unknown, wanted: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a?.slice(0, 600)} instead of ${b?.slice(0, 600)}`);
}
