import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import { startKafka } from '../../compose/native/kafka.ts';
import type { NativeServer } from '../../compose/native/native-server.ts';
import { systemClock } from '../clock.ts';
import { eventLogContract } from './contract.ts';
import type { EventLog } from './event-log.ts';
import { openKafkaEventLog } from './kafka-event-log.ts';

let folder: string;
let kafka: NativeServer;
let log: EventLog;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-kafka-'));
  kafka = await startKafka({ path: folder, cacheDir: '/root/.cache/breakwater' });
}, 600_000);

afterAll(async () => {
  await kafka.kill();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  const url = `${kafka.url}?prefix=${randomUUID()}.`;
  log = openKafkaEventLog({
    url,
    clock: systemClock(),
    sessionMs: 6_000,
    metadataMs: 500,
    onError: (error) => console.log(error),
  });
});

afterEach(() => log.close());

describe('the event log contract on Kafka', () => {
  const { sleep } = systemClock();
  it.each(eventLogContract)('$name', ({ check }) => check({ log, patienceMs: 15_000, sleep }));
});
