import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startClickHouse } from './clickhouse.ts';
import { startKafka } from './kafka.ts';
import type { NativeServer, NativeServerOptions } from './native-server.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { endServer, livingPid } from './server-process.ts';

interface Kind {
  readonly name: string;
  start(options: NativeServerOptions): Promise<NativeServer>;
  /** What asks for an orderly end. PostgreSQL would wait for its clients on SIGTERM. */
  readonly ends: 'SIGTERM' | 'SIGINT';
}

/** In the order they start; they stop the other way round. */
const kinds: readonly Kind[] = [
  { name: 'postgresql', start: startPostgres, ends: 'SIGINT' },
  { name: 'clickhouse', start: startClickHouse, ends: 'SIGTERM' },
  { name: 'redis', start: startRedis, ends: 'SIGTERM' },
  { name: 'kafka', start: startKafka, ends: 'SIGTERM' },
];

export interface ServersOptions {
  /** Each server has a folder of its own in it. */
  readonly path: string;
  readonly cacheDir: string;
  /** Only these; absent: all. */
  readonly only?: readonly string[];
  readonly onProgress?: (line: string) => void;
}

/** Starts what does not run yet, all at once. If one cannot start, those that run stay. */
export async function serversUp({ path, only, ...options }: ServersOptions): Promise<readonly NativeServer[]> {
  const wanted = kinds.filter(({ name }) => only === undefined || only.includes(name));
  const starting = wanted.map(({ name, start }) => start({ ...options, path: join(path, name) }));
  const started = await Promise.allSettled(starting);
  for (const one of started) if (one.status === 'rejected') throw one.reason;
  const servers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  for (const { name, version } of servers) writeFileSync(join(path, name, 'version'), version);
  return servers;
}

/** Stops what runs, each in order. The names of those that did. */
export async function serversDown(path: string): Promise<readonly string[]> {
  const stopped: string[] = [];
  for (const { name, ends } of kinds.toReversed()) {
    const folder = join(path, name);
    if (livingPid(folder) !== null) stopped.push(name);
    await endServer(folder, ends);
  }
  return stopped;
}

export interface ServerStatus {
  readonly name: string;
  /** Null while it does not run. */
  readonly pid: number | null;
  /** Of the last start; null before the first. */
  readonly version: string | null;
}

/** What is known of each server without asking it. */
export function serversStatus(path: string): readonly ServerStatus[] {
  return kinds.map(({ name }) => ({
    name,
    pid: livingPid(join(path, name)),
    version: textOf(join(path, name, 'version')),
  }));
}

function textOf(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}
