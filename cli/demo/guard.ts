import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { serversDown } from '../../compose/native/servers.ts';

/** Stops the native servers of `path` should this process die without doing so. */
export interface Guard {
  /** They have been stopped. */
  dismiss(): void;
}

export function guardServers(path: string): Guard {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const child = fork(main, ['guard-servers', path], { execArgv: [], stdio: 'ignore', detached: true });
  child.unref();
  child.channel?.unref();
  return { dismiss: () => void child.kill('SIGKILL') };
}

/** The guard's own process: waits for its parent's end. */
export async function guardCommand(path: string): Promise<void> {
  // Ctrl-C and an orderly end are the parent's to handle.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  await new Promise<void>((resolve) => process.once('disconnect', () => resolve()));
  await serversDown(path);
}
