import fc from 'fast-check';
import type { FrequencyCap } from '../../../domain/campaign.ts';
import { id } from '../../../stream-workers/fixture.ts';

export const campaigns = [id(100), id(101)];
export const creatives = [id(200), id(201)];

/** What happens in a case, one after the other; `together` is what deciders of several instances ask at once. */
export type Step =
  | { readonly do: 'decide'; readonly together: readonly { readonly who: number; readonly what: number }[] }
  | { readonly do: 'beacon'; readonly of: number; readonly event: string; readonly afterMs: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'look' | 'stop' | 'crash' | 'start' | 'three lives' };

const asked = fc.record({ who: fc.nat(3), what: fc.nat(3) });
const oneStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('decide' as const),
      together: fc.array(asked, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('beacon' as const),
      of: fc.oneof(fc.nat(3), fc.nat(3), fc.nat(30)),
      event: fc.constantFrom('impression', 'impression', 'impression', 'notUsed', 'error'),
      afterMs: fc.oneof(fc.nat(300), fc.nat(300), fc.nat(2_000)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.oneof(fc.nat(1_500), fc.nat(9_000)) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('look' as const, 'look' as const, 'start' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('stop' as const, 'crash' as const, 'three lives' as const) }),
  },
);

const oneCap = (scope: FrequencyCap['scope']) =>
  fc.record({
    scope: fc.constant(scope),
    creativeId: fc.constantFrom(null, null, creatives[0] as string),
    windowSeconds: fc.constantFrom(1, 2, 2, 5, 5, 20),
    max: fc.integer({ min: 1, max: 3 }),
  });

export interface Case {
  readonly caps: readonly FrequencyCap[];
  readonly steps: readonly Step[];
}

export const cases: fc.Arbitrary<Case> = fc.record({
  caps: fc
    .tuple(oneCap('user'), oneCap('user'), oneCap('household'), fc.nat(9))
    .map(([a, b, c, life]) => [a, b, c, ...(life < 3 ? [{ ...a, windowSeconds: null, max: 2 + life }] : [])]),
  steps: fc.array(oneStep, { minLength: 40, maxLength: 90, size: 'max' }),
});
