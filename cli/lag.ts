import type { EventLog } from '../engines/event-log/event-log.ts';
import { keys } from '../engines/state-store/keys.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import { decodeBare } from '../schemas/codec.ts';

/** Which topics each group applies. */
export const groupTopics = {
  frequency: ['ad-beacons', 'ad-requests'],
  pacing: ['ad-beacons', 'ad-requests'],
  scoring: ['ad-beacons'],
  warehouse: ['ad-requests', 'ad-beacons', 'conversions', 'campaign-signals'],
} as const;

export type Group = keyof typeof groupTopics;

export const groups = Object.keys(groupTopics) as Group[];

/** Topic -> the next offset of each partition. */
export type Ends = ReadonlyMap<string, readonly number[]>;

export async function endsOfAll(log: EventLog): Promise<Ends> {
  const ends = new Map<string, readonly number[]>();
  for (const topic of new Set(Object.values(groupTopics).flat())) ends.set(topic, await log.ends(topic));
  return ends;
}

/** What the group has not applied yet of what was in the log at `ends`, or whose watermark has not passed `past` (epoch ms); a line each. */
export async function behind(store: StateStore, group: Group, ends: Ends, past: number): Promise<string[]> {
  const found: string[] = [];
  for (const topic of groupTopics[group]) {
    for (const { partition, position, watermark, end } of await headsOf(store, group, topic, ends)) {
      if (position < end) found.push(`${group} is at ${position} of ${end} in ${topic}/${partition}`);
      // Only beacons are ticked: a partition of requests may stand still for as long as nobody asks.
      else if (past > 0 && topic === 'ad-beacons' && watermark <= past)
        found.push(`${group}'s watermark in ${topic}/${partition} is too low`);
    }
  }
  return found;
}

/** How many records of what was in the log at `ends` the groups have not applied yet, all of them together. */
export async function backlog(store: StateStore, ends: Ends): Promise<number> {
  const heads = await Promise.all(
    groups.flatMap((group) => groupTopics[group].map((topic) => headsOf(store, group, topic, ends))),
  );
  return heads.flat().reduce((sum, { position, end }) => sum + Math.max(0, end - position), 0);
}

/** How far a group is in each partition of a topic. */
async function headsOf(store: StateStore, group: Group, topic: string, ends: Ends) {
  const wanted = ends.get(topic) ?? [];
  const entries = await store.read(wanted.map((_, partition) => keys.head(group, topic, partition)));
  return entries.map(({ bytes }, partition) => {
    const { position, watermark } = bytes === null ? { position: 0, watermark: 0 } : decodeBare('head-record', bytes);
    return { partition, position, watermark, end: wanted[partition] ?? 0 };
  });
}

/** Waits until the group has applied all that is in the log now; answers what is still missing after `patienceMs`. */
export async function catchUp(
  log: EventLog,
  store: StateStore,
  group: Group,
  patienceMs: number,
  sleep: (ms: number) => Promise<void>,
): Promise<readonly string[]> {
  const ends = await endsOfAll(log);
  for (let waited = 0; ; waited += 50) {
    const missing = await behind(store, group, ends, 0);
    if (missing.length === 0 || waited >= patienceMs) return missing;
    await sleep(50);
  }
}
