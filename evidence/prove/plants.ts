import { randomUUID } from 'node:crypto';
import type { BeaconFact, FrequencyEntryFact, Logged, MoneyFact, Run, SumsFact } from '../audit/facts.ts';
import { judge, tally, type Verdict } from '../audit/judge.ts';
import type { RunCopy } from './copy.ts';
import { dialectPlants } from './dialect-plants.ts';
import { here, need } from './find.ts';
import { breakSeparation, ignoreCap } from './staged-plants.ts';
import { storePlants } from './store-plants.ts';

/** One fault: how it is planted, and by which name the audit must call it. */
export interface Plant {
  readonly what: string;
  readonly expects: string;
  /** Rejects when the run offers no place for it. */
  readonly plant: (copy: RunCopy, run: Run) => Promise<void>;
}

function aBilled(run: Run, wanted: (verdict: Verdict) => boolean = () => true): Verdict {
  return need(
    judge(run.log.beacons).find((verdict) => verdict.spend > 0 && wanted(verdict)),
    'beacon that was billed',
  );
}

function anAcknowledged(run: Run): Logged<BeaconFact> {
  const acked = new Set(
    run.calls
      .filter(({ status, intent }) => status !== null && status < 400 && intent !== 'forged')
      .map(({ cb }) => cb),
  );
  return need(
    run.log.beacons.find(({ value }) => value.cachebuster !== null && acked.has(value.cachebuster)),
    'acknowledged beacon',
  );
}

function aUsedSignal(run: Run): Run['log']['signals'] {
  const used = new Set(
    run.log.requests.flatMap(({ value }) =>
      value.candidates.map(({ campaign, pacing_signal }) => `PACING ${campaign} ${pacing_signal}`),
    ),
  );
  const keyOf = ({ value }: Run['log']['signals'][number]) => `${value.kind} ${value.campaign} ${value.version}`;
  const one = need(
    run.log.signals.find((signal) => used.has(keyOf(signal))),
    'pacing signal that a decision used',
  );
  return run.log.signals.filter((signal) => keyOf(signal) === keyOf(one));
}

/** In the order of the issue that asks for them, then the ones that came to mind. */
export const plants: readonly Plant[] = [
  {
    what: 'lose one acknowledged beacon, in the log and in the warehouse',
    expects: 'beacon_lost',
    async plant(copy, run) {
      const lost = anAcknowledged(run);
      await copy.hideRecord(lost);
      await copy.deleteRows('beacons', here(lost));
    },
  },
  {
    what: 'double one beacon: its raw row again, under another offset',
    expects: 'beacon_doubled',
    async plant(copy, run) {
      const { beacon } = aBilled(run);
      await copy.replaceRows('beacons', here(beacon), { offset: 'toUInt64(t.offset + 1000000)' });
    },
  },
  {
    what: "double the effects of one beacon: its player's repetition is billed too",
    expects: 'repeat_billed',
    async plant(copy, run) {
      const again = need(
        judge(run.log.beacons).find(({ first, beacon }) => !first && beacon.value.event === 'impression'),
        'repeated impression',
      );
      await copy.replaceRows('beacons', here(again.beacon), {
        billable: 'true',
        duplicate: 'false',
        spend_micros: 't.price_micros',
      });
    },
  },
  {
    what: 're-price one beacon by one micro, in the log and in the warehouse',
    expects: 'price_wrong',
    async plant(copy, run) {
      const { beacon } = aBilled(run);
      await copy.setRecord(beacon, 'ad-beacon', { ...beacon.value, price_micros: beacon.value.price_micros + 1 });
      await copy.replaceRows('beacons', here(beacon), {
        price_micros: 't.price_micros + 1',
        spend_micros: 't.spend_micros + 1',
      });
    },
  },
  {
    what: 'ignore a cap: one billable impression too many, in log, warehouse and viewers',
    expects: 'cap_exceeded',
    plant: ignoreCap,
  },
  {
    what: 'break a separation: an ad gives its place to a competitor, everywhere',
    expects: 'separation_broken',
    plant: breakSeparation,
  },
  {
    what: 'overspend by one micro: the budget was one micro less than what was billed',
    expects: 'budget_overspent',
    async plant(copy, run) {
      const spent = tally(
        judge(run.log.beacons),
        ({ beacon }) => beacon.value.campaign,
        ({ spend }) => spend,
      );
      const [id, micros] = need(
        [...spent].find(([campaign, sum]) => sum > 0 && run.seed.has(campaign)),
        'campaign that spent',
      );
      copy.editSeed((campaign) => (campaign.id === id ? { ...campaign, totalBudgetMicros: micros - 1 } : campaign));
    },
  },
  {
    what: 'overspend a day by one micro',
    expects: 'daily_budget_overspent',
    async plant(copy, run) {
      const { beacon } = aBilled(run);
      const sums = tally(
        judge(run.log.beacons),
        ({ beacon: { value } }) => value.campaign,
        ({ spend }) => spend,
      );
      const id = beacon.value.campaign;
      // All of the run's minutes of a campaign may be in two of its zone's days: half of the sum is less than one of them.
      const daily = Math.ceil((sums.get(id) ?? 0) / 2) - 1;
      copy.editSeed((campaign) => (campaign.id === id ? { ...campaign, dailyBudgetMicros: daily } : campaign));
    },
  },
  {
    what: 'drop a signal from the log',
    expects: 'signal_lost',
    async plant(copy, run) {
      await copy.setRecord(need(run.log.signals[0], 'signal'), 'campaign-signal', null);
    },
  },
  {
    what: 'drop a signal that a decision used, so that no gap shows it',
    expects: 'signal_unknown',
    async plant(copy, run) {
      for (const signal of aUsedSignal(run)) await copy.hideRecord(signal);
    },
  },
  {
    what: 'lose one request, in the log and in the warehouse',
    expects: 'request_lost',
    async plant(copy, run) {
      const answered = new Set(run.calls.map(({ answer }) => answer?.request_id));
      const lost = need(
        run.log.requests.find(({ value }) => answered.has(value.request_id)),
        'answered request',
      );
      await copy.hideRecord(lost);
      await copy.deleteRows('requests', here(lost));
      await copy.deleteRows('request_ads', here(lost));
    },
  },
  {
    what: 'bill a late beacon',
    expects: 'late_billed',
    async plant(copy, run) {
      const { beacon } = need(
        judge(run.log.beacons).find(({ late, first }) => late && first),
        'late beacon',
      );
      await copy.replaceRows('beacons', here(beacon), { billable: 'true', spend_micros: 't.price_micros' });
    },
  },
  {
    what: 'flip a flag',
    expects: 'flag_wrong',
    async plant(copy, run) {
      const { beacon } = aBilled(run);
      await copy.replaceRows('beacons', here(beacon), { duplicate: 'NOT t.duplicate' });
    },
  },
  {
    what: 'change a roll-up row: one impression more',
    expects: 'rollup_differs',
    plant: (copy) => growRollup(copy, 'impressions', 't.impressions > 0'),
  },
  {
    what: 'change a roll-up row: one micro more',
    expects: 'spend_rollup_differs',
    plant: (copy) => growRollup(copy, 'spend_micros', 't.spend_micros > 0'),
  },
  {
    what: 'lose a row on the way to the warehouse',
    expects: 'warehouse_beacon_missing',
    async plant(copy, run) {
      await copy.deleteRows('beacons', here(need(run.log.beacons[0], 'beacon')));
    },
  },
  {
    what: 'log a beacon that no viewer sent',
    expects: 'beacon_unsent',
    async plant(copy, run) {
      const like = need(run.log.beacons[0], 'beacon');
      await copy.append('ad-beacons', like.partition, like.key, 'ad-beacon', {
        ...like.value,
        arrival_id: randomUUID(),
        cachebuster: 'nobody-sent-this',
      });
    },
  },
  {
    what: 'accept a forged beacon',
    expects: 'forged_accepted',
    async plant(copy, run) {
      const { cachebuster } = anAcknowledged(run).value;
      // It may have been one of many in a POST.
      const sent = new Set(run.calls.filter(({ cb }) => cb === cachebuster).map(({ seq }) => seq));
      copy.editViewers((line) => [sent.has(line.seq) ? { ...line, intent: 'forged' } : line]);
    },
  },
  { what: 'let pacing count one micro more', expects: 'spend_pacing_differs', plant: growPacing },
  {
    what: 'forget a view in a frequency window',
    expects: 'window_missing',
    async plant(copy, run) {
      const record = need(
        run.state.frequency.find(({ entries }) => entries.some(({ state }) => state === 'CONFIRMED')),
        'confirmed view',
      );
      await copy.setState<{ entries: FrequencyEntryFact[] }>(
        `f:${record.scope}:${record.hash}`,
        'frequency-record',
        ({ entries }) => {
          const forgotten = entries.findIndex(({ state }) => state === 'CONFIRMED');
          return { entries: entries.toSpliced(forgotten, 1) };
        },
      );
    },
  },
  ...dialectPlants,
  ...storePlants,
];

async function growRollup(copy: RunCopy, measure: string, where: string): Promise<void> {
  const [row] = await copy.sql<Record<string, string>>(
    `SELECT source_partition, toUnixTimestamp(minute) AS minute, toString(creative) AS creative, country, device_type
     FROM breakwater.delivery_minutes AS t FINAL WHERE ${where} ORDER BY minute, source_partition, creative LIMIT 1`,
  );
  const one = need(row, `roll-up row with ${measure}`);
  await copy.replaceRows(
    'delivery_minutes',
    `source_partition = ${one.source_partition} AND toUnixTimestamp(minute) = ${one.minute} AND creative = '${one.creative}'
     AND country = '${one.country}' AND device_type = '${one.device_type}'`,
    { [measure]: `t.${measure} + 1`, version: 't.version + 1' },
  );
}

/** In a closed minute's money, or in the sums of an open one. */
async function growPacing(copy: RunCopy, run: Run): Promise<void> {
  const closed = [...run.state.money].find(([, record]) => record.billed_micros > 0);
  if (closed) {
    await copy.setState<MoneyFact>(`m:${closed[0]}`, 'money-record', (record) => ({
      ...record,
      billed_micros: record.billed_micros + 1,
    }));
    return;
  }
  const sums = need(
    run.state.sums.find(({ campaigns }) => campaigns.length > 0),
    'sums',
  );
  await copy.setState<SumsFact>(`s:${sums.partition}:${sums.minute}`, 'sums-record', (record) => ({
    ...record,
    campaigns: record.campaigns.map((one, i) => (i === 0 ? { ...one, billed_micros: one.billed_micros + 1 } : one)),
  }));
}
