import type { Admin } from 'kafkajs';
import { expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { KafkaTopics } from './kafka-topics.ts';
import { parseKafkaUrl } from './kafka-url.ts';

function topicsAsking(admin: () => Promise<Admin>): { topics: KafkaTopics; stale: unknown[] } {
  const stale: unknown[] = [];
  const topics = new KafkaTopics({
    admin,
    address: parseKafkaUrl('kafka://127.0.0.1:1'),
    clock: systemClock(),
    timeoutMs: 1_000,
    onGrowth: () => undefined,
    onStale: (one) => void stale.push(one),
    onError: () => undefined,
  });
  return { topics, stale };
}

it('gives an administrator up that stumbles over partitions without a leader, and asks the next one', async () => {
  const nothing: { partitions: number }[] = [];
  // As kafkajs does when it knew no leader.
  const stumbling = { listTopics: async () => nothing.map((_) => '').concat(String(last(nothing).partitions)) };
  const sound = { listTopics: async () => ['a topic'] };
  let turn = 0;
  const admins = [stumbling, sound] as unknown as Admin[];
  const { topics, stale } = topicsAsking(async () => admins[turn++] as Admin);
  await expect(topics.ask('listing', (admin) => admin.listTopics())).rejects.toMatchObject({ code: 'unavailable' });
  expect(stale).toEqual([stumbling]);
  expect(await topics.ask('listing', (admin) => admin.listTopics())).toEqual(['a topic']);
});

it('keeps an administrator whose broker only does not answer', async () => {
  const away = { listTopics: () => Promise.reject(new Error('Connection error')) } as unknown as Admin;
  const { topics, stale } = topicsAsking(async () => away);
  await expect(topics.ask('listing', (admin) => admin.listTopics())).rejects.toMatchObject({ code: 'unavailable' });
  expect(stale).toEqual([]);
});

function last<T>(list: readonly T[]): T {
  return list.at(-1) as T;
}
