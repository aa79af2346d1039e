import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pseudonym } from '../decision-api/asking/identities.ts';
import { openHouse, testCampaign } from '../decision-api/test-house.ts';
import { partitionOf } from '../engines/event-log/partition.ts';
import { keys } from '../engines/state-store/keys.ts';
import { openLmdbStateStore } from '../engines/state-store/lmdb-state-store.ts';
import { decodeBare } from '../schemas/codec.ts';
import { topics } from '../schemas/events.ts';
import { frequencyWorker } from '../stream-workers/frequency.ts';
import type { Context } from '../stream-workers/worker.ts';

const PARTITIONS = 4;
const GROWN = 9;
const PEPPER = 'p'.repeat(32);

test('a place that a store forgot comes back under the partition of its token, also where partitions were added since', async () => {
  const cap = { scope: 'user', creativeId: null, windowSeconds: 3600, max: 5 } as const;
  const house = await openHouse([testCampaign({ caps: [cap] })], { environment: { PEPPER } });
  const path = await mkdtemp(join(tmpdir(), 'breakwater-forgot-'));
  const wiped = openLmdbStateStore({ path, clock: house.clock });
  try {
    // Of viewers whose partition the growth changes.
    const viewers = Array.from({ length: 30 }, (_, at) => `viewer ${at}`).filter((id) => {
      const hash = pseudonym(PEPPER, 'user', id);
      return partitionOf(hash, PARTITIONS) !== partitionOf(hash, GROWN);
    });
    expect(viewers.length).toBeGreaterThan(10);
    for (const id of viewers) await house.post({ pod_duration: 30, user: { id } });
    const placesIn = async (store: typeof wiped) => {
      const names = viewers.map((id) => keys.frequency('user', pseudonym(PEPPER, 'user', id)));
      const entries = await store.read(names);
      const places = entries.flatMap(({ bytes }) => (bytes ? decodeBare('frequency-record', bytes).entries : []));
      // For how long their views are to be kept is known to deciders alone.
      return places.map(({ at: _, ...place }) => place);
    };
    const before = await placesIn(house.store);
    expect(before).toHaveLength(viewers.length);

    await house.log.ensureTopics(topics.map(({ name }) => ({ name, partitions: GROWN, retentionMs: 86_400_000 })));
    const worker = frequencyWorker({ suppressions: { all: async () => [] }, view: { campaigns: new Map() } });
    const context = {
      store: wiped,
      log: house.log,
      clock: house.clock,
      config: house.config,
      stores: null,
      catchingUpSince: house.clock.now(),
      measure: <T>(_step: string, run: () => Promise<T>) => run(),
    } as unknown as Context;
    for (const { topic, partition, offset, appendedAt, event } of await house.records('ad-request')) {
      const record = { name: 'ad-request', value: event } as const;
      const records = [{ topic, partition, offset, appendedAt, record }];
      await worker.handle({ topic, partition, records, watermark: appendedAt }, context);
    }
    expect(await placesIn(wiped)).toEqual(before);
  } finally {
    await house.close();
    await wiped.close();
    await rm(path, { recursive: true, force: true });
  }
});
