import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FrequencyCap } from '../domain/campaign.ts';
import { micros } from '../domain/money.ts';
import { openHouse, testCampaign, testCreative, testId } from './test-house.ts';

const cap = fc.record({
  scope: fc.constantFrom('user' as const, 'household' as const, 'stream' as const),
  of: fc.constantFrom(null, 0),
  max: fc.integer({ min: 1, max: 3 }),
});

const campaign = fc
  .record({
    lengths: fc.array(fc.constantFrom(15, 30), { minLength: 1, maxLength: 3 }),
    caps: fc.array(cap, { maxLength: 2 }),
    status: fc.constantFrom('active' as const, 'active' as const, 'active' as const, 'paused' as const),
    budget: fc.constantFrom(null, null, 40),
    house: fc.integer({ max: 5 }).map((drawn) => drawn < 1),
    genre: fc.constantFrom(null, null, 'news'),
    competes: fc.constantFrom(null, null, 'cars'),
  })
  .map(({ lengths, caps, status, budget, house, genre, competes }) => {
    const creatives = lengths.map((durationSeconds) => testCreative({ durationSeconds }));
    return testCampaign({
      creatives,
      status,
      caps: caps.map(
        ({ scope, of, max }): FrequencyCap => ({
          scope,
          max,
          creativeId: of === null ? null : (creatives[of]?.id ?? null),
          windowSeconds: 3_600,
        }),
      ),
      totalBudgetMicros: budget === null ? null : micros(budget * 1_000),
      tier: house ? 'house' : 'standard',
      categories: competes === null ? [] : [{ id: competes, name: competes, ancestors: [] }],
      targeting:
        genre === null
          ? []
          : [{ id: testId(), conditions: [{ dimension: 'content_genres', mode: 'include', values: [genre] }] }],
    });
  });

const request = fc.record(
  {
    pod: fc.record({
      duration_seconds: fc.constantFrom(30, 60, 90),
      backup_ads: fc.integer({ min: 0, max: 2 }),
      allow_duplicate_advertisers: fc.boolean(),
    }),
    user: fc.record({ id: fc.constantFrom('ann', 'bob'), household_id: fc.constantFrom('both') }, { requiredKeys: [] }),
    session: fc.record({ id: fc.constantFrom('s1', 's2') }),
    content: fc.record({ genre: fc.constantFrom('news', 'films', 'Films, News') }),
  },
  { requiredKeys: ['pod'] },
);

interface Told {
  readonly campaigns: readonly {
    readonly campaign_id: string;
    readonly outcome: string;
    readonly detail: string | null;
    readonly creatives: readonly {
      readonly creative_id: string;
      readonly outcome: string;
      readonly position: number | null;
    }[];
  }[];
}

test('a decision is explained in the answer as it is from its record', async () => {
  const seen = new Set<string>();
  const both = fc.tuple(
    fc.array(campaign, { minLength: 8, maxLength: 16 }),
    fc.array(request, { minLength: 15, maxLength: 15 }),
  );
  await fc.assert(
    fc.asyncProperty(both, async ([campaigns, requests]) => {
      const house = await openHouse(campaigns);
      try {
        for (const [number, body] of requests.entries()) {
          const { json } = await house.post({ ...body, request_id: `r${number}` }, '?explain=1');
          const stored = await house.api.app.inject({ url: `/api/v2/requests/r${number}/explain` });
          const [inline, recorded] = [json.explain as unknown as Told, stored.json() as Told];
          const short = ({ campaigns: all }: Told) => all.map((one) => [one.campaign_id, one.outcome, one.detail]);
          expect(short(inline)).toEqual(short(recorded));
          // The record knows the creatives that were scored.
          for (const [at, { outcome, detail, creatives }] of recorded.campaigns.entries()) {
            seen.add(detail === null ? outcome : `${outcome} with a detail`);
            const own = inline.campaigns[at]?.creatives ?? [];
            for (const { creative_id, outcome: came, position } of creatives) {
              expect(own).toContainEqual(expect.objectContaining({ creative_id, outcome: came, position }));
            }
          }
        }
      } finally {
        await house.close();
      }
    }),
    { numRuns: 6 },
  );
  for (const outcome of ['won', 'backup', 'lost', 'cap_reached with a detail', 'targeting with a detail', 'not_active'])
    expect(seen).toContain(outcome);
});
