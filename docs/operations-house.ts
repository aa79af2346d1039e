import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { blocksOf, type PageBlock, type Ran, runBlock } from './page-commands.ts';

const project = fileURLToPath(new URL('../', import.meta.url));
const blocks = blocksOf('operations.md');

/** Settings of a small house whose tokens live for seconds. */
export const settings = {
  TOKEN_LIFE: '4s',
  PLAYBACK_SPEED: '1000',
  CLICK_TOKEN_LIFE: '4s',
  TICK_AFTER: '1s',
  LOG_LEVEL: 'info',
  PORT: '0',
  MANAGEMENT_PORT: '0',
  WORKER_PORT: '0',
} as const;

export function block(name: string): PageBlock {
  const found = blocks.find((one) => one.name === name);
  if (!found) throw new Error(`docs/operations.md has no block ${name}`);
  return found;
}

/** Runs a block that must succeed. */
export async function run(name: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  const ran = await runBlock(block(name), env);
  expect(ran.code, `${name}:\n${ran.out}\n${ran.err}`).toBe(0);
  return ran;
}

/** Viewers ask for pods and watch for so long. */
export async function watch(url: string, seconds: number, out: string): Promise<void> {
  const stop = startWatching(url, out);
  await sleep(seconds * 1_000);
  await stop();
}

/** Starts viewers and answers how to end them at once. */
export function startWatching(url: string, out: string): () => Promise<void> {
  const args = ['--url', url, '--out', out, '--for', '10m', '--rate', '8', '--token-life', '4s'];
  const child = spawn(process.execPath, [`${project}simulator/main.ts`, ...args], { stdio: 'ignore' });
  const ended = once(child, 'close');
  return async () => {
    child.kill('SIGTERM');
    await ended;
  };
}

export async function warehouseAnswer(url: string, sql: string): Promise<string> {
  const response = await fetch(url, { method: 'POST', body: sql });
  const text = (await response.text()).trim();
  if (!response.ok) throw new Error(text);
  return text;
}

export interface Health {
  readonly ready: boolean;
  readonly groups: readonly { readonly group: string; readonly partitions: number }[];
}

/** What the block that looks at a worker shows: its partitions over all topics, its lag, and the records it has applied. */
export async function shareOf(url: string, env: Readonly<Record<string, string>>) {
  const { out } = await run('share-of-a-worker', { ...env, WORKER: url });
  const [health = '{}', ...metrics] = out.split('\n');
  const { groups = [] } = JSON.parse(health) as Partial<Health>;
  const sum = (name: string) =>
    metrics
      // Signals are published all the time, so a few of them always wait for the next flush.
      .filter((line) => line.startsWith(name) && !line.includes('topic="campaign-signals"'))
      .reduce((all, line) => all + Number(line.split(' ').at(-1)), 0);
  return {
    partitions: groups.reduce((all, { partitions }) => all + partitions, 0),
    lag: sum('breakwater_consumer_lag_records'),
    applied: sum('breakwater_outcomes_total'),
  };
}

/** Asks again every second until it holds, for `seconds` at most; then says what stood in its way last. */
export async function until(seconds: number, what: string, holds: () => Promise<boolean>): Promise<void> {
  let obstacle = '';
  for (let waited = 0; waited < seconds; waited++) {
    try {
      if (await holds()) return;
      obstacle = '';
    } catch (error) {
      obstacle = `: ${error}`;
    }
    await sleep(1_000);
  }
  throw new Error(`after ${seconds} s still not: ${what}${obstacle}`);
}
