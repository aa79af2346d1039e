import { Redis } from 'ioredis';
import { schemaType } from '../../audit/avro.ts';
import { checkCaps, checkWindows } from '../../audit/check-caps.ts';
import type { FrequencyEntryFact, Run, SeedCampaign, StateFacts } from '../../audit/facts.ts';
import { judge } from '../../audit/judge.ts';
import { readLogFile, sortLog } from '../../audit/read-log.ts';
import { campaigns } from './plan.ts';

export interface Recount {
  readonly impressions: number;
  readonly late: number;
  readonly repeated: number;
  readonly released: number;
  readonly cap_violations: number;
  /** Billable by the log and not confirmed in the store, though a cap still counts it. */
  readonly unbilled: number;
  /** Confirmed in the store and not billable by the log. */
  readonly phantoms: number;
  readonly examples: readonly string[];
}

/** Counts again what happened, from the log and the store alone, with the audit's words: it shares no code with what decided. */
export async function recount(folder: string, redisUrl: string): Promise<Recount> {
  const log = sortLog(await readLogFile(folder));
  const verdicts = judge(log.beacons);
  const seed = new Map(campaigns.map((campaign) => [campaign.id, campaign as unknown as SeedCampaign]));
  const state = { frequency: await readFrequency(redisUrl) } as unknown as StateFacts;
  const run: Pick<Run, 'seed' | 'log' | 'calls' | 'state'> = { seed, log, calls: [], state };
  const caps = checkCaps(run, verdicts);
  const windows = checkWindows(run, verdicts);
  const found = (name: string) => windows.find((one) => one.name === name)?.count ?? 0;
  return {
    impressions: verdicts.filter(({ beacon, billable }) => billable && beacon.value.event === 'impression').length,
    late: verdicts.filter(({ late }) => late).length,
    repeated: verdicts.filter(({ first }) => !first).length,
    released: verdicts.filter(({ beacon, billable }) => billable && beacon.value.event !== 'impression').length,
    cap_violations: caps.violations,
    unbilled: found('window_missing'),
    phantoms: found('window_phantom'),
    examples: [...caps.faults, ...windows].map((one) => JSON.stringify(one).slice(0, 400)),
  };
}

const VERSION_BYTES = 8;

async function readFrequency(redisUrl: string): Promise<StateFacts['frequency']> {
  const redis = new Redis(redisUrl);
  try {
    const names = await redis.keys('f:*');
    const found: StateFacts['frequency'][number][] = [];
    for (const name of names) {
      const bytes = await redis.getBuffer(name);
      if (!bytes) continue;
      const type = schemaType('frequency-record');
      const { entries } = type.fromBuffer(bytes.subarray(VERSION_BYTES)) as { entries: readonly FrequencyEntryFact[] };
      const [, scope = '', hash = ''] = name.split(':');
      found.push({ scope, hash, entries });
    }
    return found;
  } finally {
    redis.disconnect();
  }
}
