import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { makeTopic, records } from './contract-fixture.ts';
import type { Consumer, EventLog, Lease, LogRecord } from './event-log.ts';
import { openKafkaEventLog } from './kafka-event-log.ts';
import { type OwnKafka, startOwnKafka } from './test-kafka.ts';

const START_MS_MAX = 600_000;
const FAULT_MS_MAX = 90_000;
const TIMEOUT_MS = 3_000;
const SESSION_MS = 6_000;
const clock = systemClock();
let kafka: OwnKafka;
let log: EventLog;

beforeAll(async () => {
  kafka = await startOwnKafka();
}, START_MS_MAX);

afterAll(() => kafka.remove());

beforeEach(() => {
  log = openKafkaEventLog({ url: kafka.freshUrl(), clock, timeoutMs: TIMEOUT_MS, onError: () => undefined });
});

afterEach(() => log.close());

/** Keeps its positions with what it saw, as workers do. */
class Member implements Consumer {
  readonly seen: string[] = [];
  readonly leases: Lease[] = [];
  readonly #positions = new Map<number, number>();

  async resume(lease: Lease): Promise<number> {
    this.leases.push(lease);
    return this.#positions.get(lease.partition) ?? 0;
  }

  async apply(batch: readonly LogRecord[]): Promise<void> {
    for (const { partition, offset, value } of batch) {
      expect(offset).toBe(this.#positions.get(partition) ?? 0);
      this.#positions.set(partition, offset + 1);
      this.seen.push(value.toString());
    }
  }
}

async function until(what: string, met: () => boolean, patienceMs = 30_000): Promise<void> {
  const since = clock.now();
  while (!met()) {
    if (clock.now() - since > patienceMs) throw new Error(`${what}: not within ${patienceMs} ms`);
    await clock.sleep(10);
  }
}

function signal(name: NodeJS.Signals): void {
  const { pid } = kafka.server;
  if (pid === null) throw new Error('the broker does not run');
  process.kill(pid, name);
}

/** Tries until it is acknowledged, as the journal does: the record is there at least once. */
const insist = (topic: string, text: string) => insistOn(text, () => log.append(topic, records(0, text)));

/** A broker that comes back answers some questions later than others. */
async function insistOn(what: string, run: () => Promise<unknown>): Promise<void> {
  let refused: unknown;
  for (let tries = 0; tries < 40; tries++) {
    try {
      await run();
      return;
    } catch (error) {
      refused = error;
      await clock.sleep(250);
    }
  }
  throw new Error(`never: ${what}`, { cause: refused });
}

it(
  'answers timeout within its limit while the broker is stopped, and goes on after it',
  async () => {
    const topic = await makeTopic(log, 'stopped', 1);
    await log.append(topic, records(0, 'before'));
    signal('SIGSTOP');
    try {
      const since = clock.now();
      await expect(log.append(topic, records(0, 'during'))).rejects.toMatchObject({ code: 'timeout', retryable: true });
      expect(clock.now() - since).toBeLessThan(TIMEOUT_MS + 1_000);
      await expect(log.ends(topic)).rejects.toMatchObject({ retryable: true });
      expect(await log.partitions(topic)).toBe(1);
    } finally {
      signal('SIGCONT');
    }
    await insist(topic, 'after');
    const member = new Member();
    await insistOn('subscribe', () => log.subscribe('group', [topic], member));
    await until('the last', () => member.seen.at(-1) === 'after');
    expect(member.seen[0]).toBe('before');
  },
  FAULT_MS_MAX,
);

it(
  'takes a lease for lost when the broker is silent for a session, and resumes once it answers',
  async () => {
    const topic = await makeTopic(log, 'silent', 2);
    const member = new Member();
    const subscription = await log.subscribe('group', [topic], member);
    await until('both', () => member.leases.length === 2);
    await log.append(topic, records(0, 'before'));
    await until('the record', () => member.seen.length === 1);
    signal('SIGSTOP');
    try {
      await until('lost', () => member.leases.every(({ lost }) => lost.aborted), SESSION_MS + 2_000);
      expect(subscription.assigned()).toEqual([]);
    } finally {
      signal('SIGCONT');
    }
    await insist(topic, 'after');
    await until('the record after it', () => member.seen.includes('after'));
    await until('both again', () => subscription.assigned().length === 2);
  },
  FAULT_MS_MAX,
);

it(
  'loses nothing that was acknowledged and misses nothing when the broker is killed and comes back',
  async () => {
    const topic = await makeTopic(log, 'killed', 1);
    const member = new Member();
    const subscription = await log.subscribe('group', [topic], member);
    const acknowledged: string[] = [];
    let going = true;
    const appending = (async () => {
      for (let number = 0; going; number++) {
        await insist(topic, `${number}`);
        acknowledged.push(`${number}`);
        await clock.sleep(5);
      }
    })();
    await until('some records', () => member.seen.length > 50);
    await kafka.server.kill();
    await clock.sleep(2_000);
    await kafka.server.restart();
    const then = acknowledged.length;
    await until('more records', () => acknowledged.length > then + 50);
    going = false;
    await appending;
    await until('the last', () => member.seen.includes(acknowledged.at(-1) ?? ''));
    expect(acknowledged.filter((text) => !member.seen.includes(text))).toEqual([]);
    expect(subscription.assigned()).toHaveLength(1);
  },
  FAULT_MS_MAX,
);

it(
  'gives up within its limits when it is closed while the broker is away',
  async () => {
    const topic = await makeTopic(log, 'away', 1);
    const member = new Member();
    await log.subscribe('group', [topic], member);
    await until('joined', () => member.leases.length === 1);
    await kafka.server.kill();
    const since = clock.now();
    await log.close();
    expect(clock.now() - since).toBeLessThan(30_000);
    await kafka.server.restart();
  },
  FAULT_MS_MAX,
);
