import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafka } from '../../compose/native/kafka.ts';
import type { NativeServer } from '../../compose/native/native-server.ts';
import { cacheFolder, testServer } from '../config.ts';

/** A real broker for one test file. */
export interface TestKafka {
  /** A URL under which no topic and no group is there yet; members lose their lease after 6 s. */
  freshUrl(): string;
  remove(): Promise<void>;
}

/** A broker that may be stopped and killed. */
export interface OwnKafka extends TestKafka {
  readonly server: NativeServer;
}

/** The broker of TEST_KAFKA_URL, else one of our own. */
export async function startTestKafka(): Promise<TestKafka> {
  const given = testServer('TEST_KAFKA_URL');
  if (given === null) return startOwnKafka();
  const [address = '', query = ''] = given.split('?');
  const others = query
    .split('&')
    .filter((word) => word !== '' && !/^(prefix|session_ms)=/.test(word))
    .map((word) => `&${word}`);
  return {
    freshUrl: () => `${address}?session_ms=6000&prefix=test-${randomUUID()}.${others.join('')}`,
    remove: async () => undefined,
  };
}

/** A native broker, for suites that stop it. */
export async function startOwnKafka(): Promise<OwnKafka> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-kafka-'));
  const server = await startKafka({
    path: folder,
    cacheDir: cacheFolder(),
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  return {
    server,
    freshUrl: () => `${server.url}?session_ms=6000&prefix=${randomUUID()}.`,
    async remove() {
      await server.kill();
      await rm(folder, { recursive: true });
    },
  };
}
