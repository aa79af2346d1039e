import { expect, test } from 'vitest';
import { checkEligibility, mayMatch } from './check-eligibility.ts';
import { checkSignals } from './check-signals.ts';
import type { Run, SeedCampaign } from './facts.ts';
import { names } from './fault.ts';
import { at0, campaign, shoes } from './sample-parts.ts';
import { sampleRun, withLog } from './sample-run.ts';

test('a signal that a decision used is in the log, came before it and has its shadow price', () => {
  const run = sampleRun();
  const faultsOf = (signals: Run['log']['signals'], settings = run.settings) =>
    names(checkSignals({ ...withLog(run, { signals }), settings }));
  expect(faultsOf(run.log.signals)).toEqual([]);
  expect(faultsOf([])).toEqual(['signal_unknown']);
  expect(faultsOf(run.log.signals.map((one) => ({ ...one, value: { ...one.value, mu_ppm: 8 } })))).toEqual([
    'signal_differs',
  ]);
  expect(faultsOf(run.log.signals.map((one) => ({ ...one, appendedAt: at0 + 9_000 })))).toEqual(['signal_from_future']);
  expect(faultsOf([...run.log.signals, ...run.log.signals])).toEqual([]);
  expect(
    faultsOf([...run.log.signals, ...run.log.signals.map((one) => ({ ...one, value: { ...one.value, mu_ppm: 8 } }))]),
  ).toEqual(['signal_reissued']);
  expect(faultsOf(run.log.signals, { ...run.settings, signals: false })).toEqual(['signal_unasked']);
});

test('nothing is served outside its flight, status or fence', () => {
  const run = sampleRun();
  const served = (changes: Partial<SeedCampaign>) => {
    const seed = new Map(run.seed);
    seed.set(shoes, campaign(shoes, changes));
    return names(checkEligibility({ ...run, seed }));
  };
  const rule = (mode: string, ...values: string[]) => [{ conditions: [{ dimension: 'geo_countries', mode, values }] }];
  expect(served({})).toEqual([]);
  expect(served({ startsAt: at0 + 120_000 })).toEqual(['flight_broken']);
  expect(served({ endsAt: at0 })).toEqual(['flight_broken']);
  expect(served({ status: 'paused' })).toEqual(['status_broken']);
  expect(served({ targeting: rule('include', 'GB') })).toEqual(['fence_broken']);
  expect(served({ targeting: rule('exclude', 'US') })).toEqual(['fence_broken']);
  expect(served({ targeting: [...rule('include', 'GB'), ...rule('include', 'US')] })).toEqual([]);
  expect(served({ creatives: [] })).toEqual(['campaign_unknown']);
});

test('an unknown country fails an include and passes an exclude; UK is GB; finer places are not judged', () => {
  const rule = (mode: string, ...more: string[]) => ({
    conditions: [
      { dimension: 'geo_countries', mode, values: ['UK'] },
      ...more.map((name) => ({ dimension: name, mode, values: ['x'] })),
    ],
  });
  expect(mayMatch(rule('include'), { country: null, device_type: null })).toBe(false);
  expect(mayMatch(rule('exclude'), { country: null, device_type: null })).toBe(true);
  expect(mayMatch(rule('include'), { country: 'GB', device_type: null })).toBe(true);
  expect(mayMatch(rule('include', 'geo_cities'), { country: 'US', device_type: null })).toBe(true);
});
