import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testCampaign } from '../../decision-api/test-house.ts';
import { micros } from '../../domain/money.ts';
import { systemClock } from '../../engines/clock.ts';
import type { EventLog } from '../../engines/event-log/event-log.ts';
import { openKafkaEventLog } from '../../engines/event-log/kafka-event-log.ts';
import { type OwnKafka, startOwnKafka } from '../../engines/event-log/test-kafka.ts';
import { topics } from '../../schemas/events.ts';
import { makeFolder, PARTITIONS, readTopic, removeFolder, type Serving, serve } from './house.ts';
import { Viewers } from './viewers.ts';

const START_MS_MAX = 600_000;
const TEST_MS_MAX = 170_000;
const clock = systemClock();
const campaigns = [
  testCampaign(),
  testCampaign({ caps: [{ scope: 'user', creativeId: null, windowSeconds: 3600, max: 50 }] }),
  testCampaign({ totalBudgetMicros: micros(1_000_000_000_000) }),
];
let kafka: OwnKafka;
let folder: string;

beforeAll(async () => {
  kafka = await startOwnKafka();
}, START_MS_MAX);

afterAll(() => kafka.remove());

/** A fresh cluster's worth of topics, and a data folder; both go with the test. */
async function withHouse(run: (url: string, log: EventLog) => Promise<void>): Promise<void> {
  const url = kafka.freshUrl();
  const log = openKafkaEventLog({ url, clock, onError: () => undefined });
  folder = await makeFolder(campaigns);
  try {
    await run(url, log);
  } finally {
    await log.close();
    await removeFolder(folder);
  }
}

function makeTopics(log: EventLog): Promise<void> {
  return log.ensureTopics(
    topics.map(({ name, retentionDays }) => ({
      name,
      partitions: PARTITIONS,
      retentionMs: retentionDays * 86_400_000,
    })),
  );
}

function signal(name: NodeJS.Signals): void {
  const { pid } = kafka.server;
  if (pid === null) throw new Error('the broker does not run');
  process.kill(pid, name);
}

async function end(serving: Serving): Promise<number | null> {
  serving.process.kill('SIGTERM');
  return await serving.ended;
}

/** Under load something always waits for a few milliseconds: drained is when nothing has waited for long. Milliseconds that it took. */
async function drained(serving: Serving): Promise<number> {
  const since = clock.now();
  await expect.poll(() => serving.metric('journal_oldest_seconds'), { timeout: 60_000, interval: 200 }).toBeLessThan(1);
  await expect.poll(() => serving.degraded(), { timeout: 60_000 }).toEqual(['catalog: from the last snapshot on disk']);
  return clock.now() - since;
}

/** What viewers were told, against what the log holds. Both numbers beside each zero. */
async function compare(log: EventLog, viewers: Viewers): Promise<void> {
  const requests = await readTopic(log, 'ad-requests');
  const beacons = await readTopic(log, 'ad-beacons');
  const logged = new Set(requests.map(({ event }) => event.request_id));
  const heard = new Set(beacons.map(({ event }) => event.cachebuster));
  const lost = {
    requests: viewers.answered.filter((id) => !logged.has(id)).length,
    beacons: viewers.acknowledged.filter((cb) => !heard.has(cb)).length,
  };
  const again = requests.length + beacons.length - logged.size - heard.size;
  process.stderr.write(
    `0 lost of ${viewers.answered.length} pods and ${viewers.acknowledged.length} beacons is to be: ${JSON.stringify(lost)}; ` +
      `${again} records shipped again; ${viewers.empty} empty, ${viewers.refused} refused, ${viewers.unanswered} unanswered\n`,
  );
  expect(lost).toEqual({ requests: 0, beacons: 0 });
  // Whatever stands twice is the same arrival: our own shipping, no player's repetition.
  expect(new Set(beacons.map(({ event }) => event.arrival_id)).size).toBe(heard.size);
  expect(new Set(requests.map(({ event }) => event.arrival_id)).size).toBe(logged.size);
}

it(
  'Kafka stopped and then killed under load: pods stay full and beacons are taken, nothing acknowledged is lost, all is drained',
  () =>
    withHouse(async (url, log) => {
      await makeTopics(log);
      const serving = await serve(folder, { EVENT_LOG: url });
      await expect
        .poll(() => serving.degraded(), { timeout: 30_000 })
        .toEqual(['catalog: from the last snapshot on disk']);
      await using viewers = new Viewers(serving.url, 6, 30);
      await sleep(6_000);
      const before = viewers.latencies();
      signal('SIGSTOP');
      await sleep(12_000);
      const paused = viewers.latencies();
      expect((await serving.degraded()).join()).toContain('event log: away');
      expect(await serving.metric('journal_records')).toBeGreaterThan(100);
      signal('SIGCONT');
      const afterPause = await drained(serving);
      viewers.latencies();
      await kafka.server.kill();
      await sleep(8_000);
      const killed = viewers.latencies();
      await kafka.server.restart();
      const afterKill = await drained(serving);
      await viewers.stop();
      await expect.poll(() => serving.metric('journal_records'), { timeout: 10_000 }).toBe(0);
      process.stderr.write(`${JSON.stringify({ before, paused, killed, drained_ms: [afterPause, afterKill] })}\n`);
      expect([viewers.empty, viewers.refused, viewers.unanswered]).toEqual([0, 0, 0]);
      expect(paused.count).toBeGreaterThan(before.count);
      expect(killed.count).toBeGreaterThan(50);
      await compare(log, viewers);
      expect(await end(serving)).toBe(0);
    }),
  TEST_MS_MAX,
);

it(
  'an API that is told to stop while Kafka is silent ends in time, and the next one ships what it left',
  () =>
    withHouse(async (url, log) => {
      await makeTopics(log);
      const first = await serve(folder, { EVENT_LOG: url });
      await using viewers = new Viewers(first.url, 4, 20);
      await expect.poll(() => viewers.acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(50);
      signal('SIGSTOP');
      try {
        const then = viewers.acknowledged.length;
        await expect.poll(() => viewers.acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(then + 50);
        await viewers.stop();
        const since = clock.now();
        expect(await end(first)).toBe(0);
        expect(clock.now() - since).toBeLessThan(10_000);
      } finally {
        signal('SIGCONT');
      }
      const second = await serve(folder, { EVENT_LOG: url });
      await expect.poll(() => second.metric('journals_adopted_total'), { timeout: 60_000 }).toBe(1);
      await drained(second);
      await compare(log, viewers);
      expect(await end(second)).toBe(0);
    }),
  TEST_MS_MAX,
);

it(
  'an API that starts while Kafka and Postgres are away serves, is killed, starts again, and adopts what it had taken',
  () =>
    withHouse(async (url, log) => {
      await kafka.server.kill();
      const first = await serve(folder, { EVENT_LOG: url });
      await using viewers = new Viewers(first.url, 4, 20);
      await expect.poll(() => viewers.acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(100);
      first.process.kill('SIGKILL');
      await first.ended;
      const second = await serve(folder, { EVENT_LOG: url });
      viewers.move(second.url);
      const then = viewers.acknowledged.length;
      await expect.poll(() => viewers.acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(then + 50);
      // It ends in order too while Kafka is away: the rest stays on its disk.
      await viewers.stop();
      expect(await end(second)).toBe(0);
      await kafka.server.restart();
      const third = await serve(folder, { EVENT_LOG: url });
      await expect.poll(() => third.metric('journals_adopted_total'), { timeout: 60_000 }).toBe(2);
      await drained(third);
      expect([viewers.empty, viewers.refused]).toEqual([0, 0]);
      await compare(log, viewers);
      expect(await end(third)).toBe(0);
    }),
  TEST_MS_MAX,
);
