import { expect, test } from 'vitest';
import { checkRotation } from './check-rotation.ts';
import type { RequestFact, SeedCampaign } from './facts.ts';
import { names } from './fault.ts';
import { campaign, candidate, creativeOf, request, shoes } from './sample-parts.ts';
import { sampleRun, withLog } from './sample-run.ts';

const twin = creativeOf(shoes).replace(/3$/, '9');

/** A campaign with two creatives of 30 s, and requests of which each let in one of them. */
function runOf(
  lets: (n: number) => string,
  weights: readonly (number | undefined)[],
  changes: Partial<RequestFact> = {},
) {
  const run = sampleRun();
  const [one] = campaign(shoes).creatives;
  if (one === undefined) throw new Error('a campaign without a creative');
  const creatives = [one, { ...one, id: twin }].map((each, at): SeedCampaign['creatives'][number] => {
    const weight = weights[at];
    return weight === undefined ? each : { ...each, weight };
  });
  const seed = new Map(run.seed).set(shoes, campaign(shoes, { creatives }));
  const requests = Array.from({ length: 40 }, (_, n) => {
    const { value, ...at } = request(n, [], [{ ...candidate(shoes, 'lost'), creative: lets(n) }]);
    return { ...at, value: { ...value, dialect: 'json', ...changes } };
  });
  return { ...withLog(run, { requests }), seed };
}

/** What each request must have drawn: the side whose draw is no fault. */
function drawnBy(weights: readonly (number | undefined)[]): string[] {
  return Array.from({ length: 40 }, (_, n) => {
    const sides = [creativeOf(shoes), twin].filter((side) => {
      const run = runOf(() => side, weights);
      const one = run.log.requests.slice(n, n + 1);
      return checkRotation({ ...run, log: { ...run.log, requests: one } }).faults.length === 0;
    });
    expect(sides).toHaveLength(1);
    return sides[0] ?? '';
  });
}

test('of two creatives exactly one is drawn, by weight, and the other one is a fault', () => {
  for (const weights of [[], [undefined, 9]]) {
    const right = drawnBy(weights);
    const good = checkRotation(runOf((n) => right[n] ?? '', weights));
    expect([good.drawn, names(good.faults)]).toEqual([40, []]);
    const wrong = runOf(
      (n) => (n === 7 && right[7] === twin ? creativeOf(shoes) : n === 7 ? twin : (right[n] ?? '')),
      weights,
    );
    expect(names(checkRotation(wrong).faults)).toEqual(['rotation_differs']);
  }
  expect(drawnBy([undefined, 9]).filter((side) => side === twin).length).toBeGreaterThan(28);
  const even = drawnBy([]).filter((side) => side === twin).length;
  expect(even).toBeGreaterThan(8);
  expect(even).toBeLessThan(32);
});

test('pods that may hold several of one advertiser, and other dialects, are not judged', () => {
  for (const changes of [{ allow_duplicate_advertisers: true }, { dialect: 'vast' }]) {
    expect(checkRotation(runOf(() => twin, [], changes))).toEqual({ faults: [], drawn: 0 });
  }
});
