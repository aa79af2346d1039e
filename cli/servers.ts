import { join } from 'node:path';
import { serversDown, serversStatus, serversUp } from '../compose/native/servers.ts';
import { cacheFolder, readConfig } from '../engines/config.ts';
import { holdFolder } from '../engines/folder-lock.ts';

/** The variable that leads to each server. */
const variables: Readonly<Record<string, string>> = {
  kafka: 'EVENT_LOG',
  redis: 'STATE_STORE',
  clickhouse: 'WAREHOUSE',
  postgresql: 'CATALOG',
};

/** `breakwater servers up`: starts what does not run; progress on standard error, what to set on standard output. */
export async function serversUpCommand(): Promise<void> {
  const onProgress = (line: string) => process.stderr.write(`${line}\n`);
  const held = await holdFolder(folder(), 'another `breakwater servers`');
  const servers = await serversUp({ path: folder(), cacheDir: cacheFolder(), onProgress });
  await held.release();
  for (const { name, version, pid } of servers) onProgress(`${name} ${version} runs (pid ${pid})`);
  for (const { name, url } of servers) process.stdout.write(`export ${variables[name]}=${url}\n`);
}

/** `breakwater servers down`: an orderly stop; their data stays. */
export async function serversDownCommand(): Promise<void> {
  const held = await holdFolder(folder(), 'another `breakwater servers`');
  const stopped = await serversDown(folder());
  await held.release();
  process.stdout.write(stopped.length > 0 ? `stopped ${stopped.join(', ')}\n` : 'nothing ran\n');
}

/** `breakwater servers status`: one line each; exit code 1 if any does not run. */
export async function serversStatusCommand(): Promise<void> {
  const servers = serversStatus(folder());
  for (const { name, pid, version } of servers) {
    const known = (version ?? 'never started').padEnd(14);
    process.stdout.write(`${name.padEnd(11)} ${known} ${pid === null ? 'down' : `up, pid ${pid}`}\n`);
  }
  if (servers.some(({ pid }) => pid === null)) process.exitCode = 1;
}

function folder(): string {
  return join(readConfig().dataDir, 'servers');
}
