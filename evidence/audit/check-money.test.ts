import { expect, test } from 'vitest';
import { checkMoney } from './check-money.ts';
import { checkPrices } from './check-prices.ts';
import type { MoneyFact, Run, SeedCampaign } from './facts.ts';
import { names } from './fault.ts';
import { judge } from './judge.ts';
import { cola, shoes } from './sample-parts.ts';
import { changed, sampleRun, withLog, withState } from './sample-run.ts';

const moneyOf = (run: Run) => checkMoney(run, judge(run.log.beacons));
const faultsOf = (run: Run) => names(moneyOf(run).faults);
const withCampaign = (run: Run, id: string, changes: Partial<SeedCampaign>): Run => {
  const seed = new Map(run.seed);
  const campaign = seed.get(id);
  if (campaign) seed.set(id, { ...campaign, ...changes });
  return { ...run, seed };
};
const withMoney = (changes: Partial<MoneyFact>): Run => {
  const run = sampleRun();
  const record = run.state.money.get(cola);
  if (!record) throw new Error('the sample has money');
  return withState(run, { money: new Map([[cola, { ...record, ...changes }]]) });
};

test('spend is the same in the log, in the rows and in pacing', () => {
  expect(moneyOf(sampleRun())).toEqual({
    faults: [],
    spend_micros_log: 62_000,
    spend_micros_warehouse: 62_000,
    spend_micros_pacing: 62_000,
    overspend_micros: 0,
  });
});

test('one micro too many, or one impression, in pacing is named', () => {
  expect(faultsOf(withMoney({ billed_micros: 11_999 }))).toEqual(['spend_pacing_differs']);
  expect(faultsOf(withMoney({ billed_impressions: 0 }))).toEqual(['impressions_pacing_differ']);
});

test('sums of a closed minute count once, those of an open one count too', () => {
  const open = withMoney({ closed_up_to: 0, billed_micros: 0, billed_impressions: 0 });
  expect(faultsOf(open)).toEqual([]);
  expect(faultsOf(withMoney({ closed_up_to: 0 }))).toEqual(['impressions_pacing_differ', 'spend_pacing_differs']);
});

test('a budget is reached to the micro and never passed', () => {
  const over = moneyOf(withCampaign(sampleRun(), cola, { totalBudgetMicros: 11_999 }));
  expect(names(over.faults)).toEqual(['budget_overspent', 'money_overtaken']);
  expect(over.overspend_micros).toBe(1);
  expect(faultsOf(withCampaign(sampleRun(), shoes, { dailyBudgetMicros: 50_000 }))).toEqual([]);
  const carried = { totalBudgetMicros: 20_000, spentBeforeMicros: 8_001 };
  expect(moneyOf(withCampaign(sampleRun(), cola, carried)).overspend_micros).toBe(1);
  expect(moneyOf(withCampaign(sampleRun(), cola, { ...carried, spentBeforeMicros: 8_000 })).faults).toEqual([]);
  const day = moneyOf(withCampaign(sampleRun(), shoes, { dailyBudgetMicros: 49_998 }));
  expect(names(day.faults)).toEqual(['daily_budget_overspent']);
  expect(day.overspend_micros).toBe(2);
  expect(faultsOf(withCampaign(sampleRun(), shoes, { goalImpressions: 0 }))).toEqual(['goal_exceeded']);
});

test('what was billed and what is taken never pass a limit together', () => {
  const run = sampleRun();
  const minute = (run.state.money.get(cola)?.closed_up_to ?? 0) + 1;
  expect(faultsOf(withMoney({ taken: [{ minute, micros: 1, impressions: 0 }] }))).toEqual(['money_overtaken']);
});

test("prices are the seed's in the pods that viewers saw, in requests and in beacons", () => {
  const run = sampleRun();
  expect(checkPrices(run)).toEqual([]);
  expect(names(checkPrices(withCampaign(run, cola, { pricing: { model: 'cpm', priceMicros: 12_001 } })))).toEqual([
    'price_wrong',
  ]);
  const priced = changed(run.log.beacons, 2, (one) => ({ ...one, value: { ...one.value, price_micros: 1 } }));
  expect(names(checkPrices(withLog(run, { beacons: priced })))).toEqual(['price_wrong']);
});

test('signed facts that are not those of the log are named', () => {
  const run = sampleRun();
  const other = (changes: object): Run => ({
    ...run,
    token: (url) => {
      const fact = run.token(url);
      return fact && { ...fact, ...changes };
    },
  });
  expect(names(checkPrices(other({ price_micros: 1 })))).toEqual(['price_wrong']);
  expect(names(checkPrices(other({ expires_at: 1 })))).toEqual(['token_differs']);
  expect(names(checkPrices({ ...run, token: () => null }))).toEqual(['token_garbled']);
});

test('a beacon has the expiry, the identities and the request of its ad', () => {
  const run = sampleRun();
  const beacon = (changes: object) =>
    names(
      checkPrices(
        withLog(run, {
          beacons: changed(run.log.beacons, 0, (one) => ({ ...one, value: { ...one.value, ...changes } })),
        }),
      ),
    );
  expect(beacon({ expires_at: 1 })).toEqual(['expiry_wrong']);
  expect(beacon({ identities: [] })).toEqual(['beacon_facts_differ']);
  expect(beacon({ reservation: 'unknown' })).toEqual(['beacon_without_request']);
});
