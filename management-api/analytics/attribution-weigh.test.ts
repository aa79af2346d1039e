import { expect, test } from 'vitest';
import { weighInThread } from './attribution-thread.ts';
import { type Weighing, weigh } from './attribution-weigh.ts';

const DAY_MS = 86_400_000;
const at = Date.UTC(2026, 10, 2, 12);
const campaign = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** The conversion `n` has touches of the campaigns `of(n)`, and is worth `n` micros. */
function asked(conversions: number, of: (n: number) => readonly number[], more: Partial<Weighing> = {}): Weighing {
  const lines = Array.from({ length: conversions }, (_, n) =>
    JSON.stringify({
      id: String(n),
      ...{ advertiser: campaign(0), type: 'sale', value_micros: n, at, appended_at: at, all_touches: 1 },
      touches: of(n).map((one, index) => [at - index * 60_000, 'impression', campaign(one), campaign(one), `${index}`]),
    }),
  );
  return {
    lines: Buffer.from(lines.join('\n')),
    ...{ lost: [], models: ['linear'], by: 'path', campaign: null, zone: 'UTC' },
    ...{ windows: { clickMs: 30 * DAY_MS, viewMs: 7 * DAY_MS }, halfLifeMs: 7 * DAY_MS },
    ...more,
  };
}

test('of very many ways the thousand of the most value are told, and what the others add up to', () => {
  const said = weigh(asked(1_200, (n) => [n, n + 1]));
  if (typeof said === 'string') throw new Error(said);
  const { rows, others, attributed_value_micros } = said.models.linear ?? { rows: [] };
  expect(rows).toHaveLength(1_000);
  expect(rows[0]).toMatchObject({ key: `${campaign(1_200)} > ${campaign(1_199)}`, value_micros: 1_199 });
  expect(others).toEqual({ rows: 200, conversions: 200, value_micros: (199 * 200) / 2 });
  expect(attributed_value_micros).toBe((1_199 * 1_200) / 2);
  const few = weigh(asked(10, (n) => [n]));
  expect(few).toMatchObject({ models: { linear: { others: null } } });
});

test('more than can be weighed at once is said, not begun', () => {
  const wide = asked(501, (n) => [n], { models: ['linear', 'data_driven'] });
  expect(weigh(wide)).toContain('at most 500 campaigns, and there are 501');
  expect(weigh({ ...wide, models: ['linear'] })).toMatchObject({ conversions: 501 });
  const lost = [{ from: null, to: campaign(900), times: 1 }];
  expect(weigh({ ...asked(500, (n) => [n], { models: ['data_driven'] }), lost })).toContain('there are 501');
  const { lines } = asked(1, () => [1]);
  const many = Buffer.from(lines).toString().replace('"all_touches":1', '"all_touches":"500001"');
  expect(weigh({ ...asked(1, () => [1]), lines: Buffer.from(many) })).toContain('too many conversions');
});

test('a thread weighs as this one would', async () => {
  const all = asked(50, (n) => [n % 7, n % 5], { models: ['time_decay', 'data_driven'], by: 'campaign' });
  expect(await weighInThread(all)).toEqual(weigh(all));
});
