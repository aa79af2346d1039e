import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafka } from '../../compose/native/kafka.ts';
import type { NativeServer } from '../../compose/native/native-server.ts';
import { cacheFolder } from '../config.ts';

/** A real broker for one test file. */
export interface TestKafka {
  readonly server: NativeServer;
  /** A URL under which no topic and no group is there yet; members lose their lease after 6 s. */
  freshUrl(): string;
  remove(): Promise<void>;
}

export async function startTestKafka(): Promise<TestKafka> {
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
