import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../engines/clock.ts';
import { Crew, leastKills, leastStops } from './crew.ts';

const says = (progress: object) =>
  `setInterval(() => process.send(${JSON.stringify({ progress })}), 20); process.on('disconnect', () => process.exit());`;
const decided = { decisions: 9, served: 0, refusedAtSight: 0, refusedAtSwap: 0, contended: 0, unanswered: 0 };
const real = systemClock();
/** Ten seconds in one. */
const clock = { now: () => 10 * real.now(), sleep: (ms: number) => real.sleep(ms / 10) };
const options = { decisions: 10, concurrency: 2, processes: 2, redisUrl: '', seed: 1, say: () => undefined };

async function crewOf(child: string, judge: (crew: Crew) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-crew-'));
  const file = join(folder, 'child.mjs');
  writeFileSync(file, child);
  const crew = new Crew(options, folder, file);
  try {
    await judge(crew);
  } finally {
    crew.kill();
    rmSync(folder, { recursive: true });
  }
}

test('a process that ends of itself ends the run, while it works and while it is waited for', async () => {
  const told = 'process \\d ended with 3, and nobody had asked it to';
  await crewOf('process.exit(3);', async (crew) => {
    await expect(crew.work(clock)).rejects.toThrow(new RegExp(told));
    await expect(crew.drain()).rejects.toThrow(new RegExp(told));
    await expect(crew.end()).rejects.toThrow(new RegExp(told));
  });
  const obedient = `${says(decided)} process.on('message', (order) => { if (order === 'stop-deciding') process.exit(3); });`;
  await crewOf(obedient, async (crew) => {
    // Enough is decided at once: it goes on until there were kills and a stop.
    const { kills, stops } = await crew.work(clock);
    expect(kills).toBeGreaterThanOrEqual(leastKills);
    expect(stops).toBeGreaterThanOrEqual(leastStops);
    await expect(crew.drain()).rejects.toThrow(new RegExp(told));
  });
});
