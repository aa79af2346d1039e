import { join } from 'node:path';
import { startKafka } from './kafka.ts';
import type { NativeServer, NativeServerOptions } from './native-server.ts';
import { startRedis } from './redis.ts';
import { endServer, livingPid } from './server-process.ts';

/** In the order they start; they stop the other way round. */
const kinds: readonly { readonly name: string; start(options: NativeServerOptions): Promise<NativeServer> }[] = [
  { name: 'redis', start: startRedis },
  { name: 'kafka', start: startKafka },
];

export interface ServersOptions {
  /** Each server has a folder of its own in it. */
  readonly path: string;
  readonly cacheDir: string;
  readonly onProgress?: (line: string) => void;
}

/** Starts what does not run yet. If one cannot start, those that run stay. */
export async function serversUp({ path, ...options }: ServersOptions): Promise<readonly NativeServer[]> {
  const started: NativeServer[] = [];
  for (const { name, start } of kinds) started.push(await start({ ...options, path: join(path, name) }));
  return started;
}

/** Stops what runs, each in order. The names of those that did. */
export async function serversDown(path: string): Promise<readonly string[]> {
  const stopped: string[] = [];
  for (const { name } of kinds.toReversed()) {
    const folder = join(path, name);
    if (livingPid(folder) !== null) stopped.push(name);
    await endServer(folder, 'SIGTERM');
  }
  return stopped;
}

/** The pid of each server; null where it does not run. */
export function serversStatus(path: string): readonly { readonly name: string; readonly pid: number | null }[] {
  return kinds.map(({ name }) => ({ name, pid: livingPid(join(path, name)) }));
}
