import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { Deeds } from './deeds.ts';
import type { Blow, Strike } from './schedule.ts';
import { Striker } from './striker.ts';
import { Wires } from './wires.ts';

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
});

type World = ConstructorParameters<typeof Striker>[0]['world'];

/** A house that writes down what is done to it; `living` is how many of each role there are. */
async function house(living = 1) {
  const told: string[] = [];
  const wires = await Wires.open();
  opened.push(wires);
  let alive = living;
  const server = (name: string) => ({
    url: 'http://127.0.0.1:1',
    kill: async () => void told.push(`kill ${name}`),
    stop: async () => void told.push(`stop ${name}`),
    restart: async () => {
      await sleep(30);
      told.push(`start ${name}`);
    },
  });
  const all = { kafka: server('kafka'), redis: server('redis'), postgres: server('postgres'), chdb: server('chdb') };
  const world = {
    wires,
    servers: {
      all,
      kafka: { doors: [1, 2, 3] },
      copyRedis: async () => void told.push('copy'),
      rollBackRedis: async () => void told.push('roll back'),
      wipeRedis: async (restart: boolean) => void told.push(`wipe ${restart}`),
    },
    pool: {
      kill: (role: string) => (alive > 0 && told.push(`SIGKILL ${role}`) ? 7 : null),
      restart: (role: string) => (alive > 0 && told.push(`SIGTERM ${role}`) ? 7 : null),
      pause: (role: string) =>
        alive > 0 && told.push(`SIGSTOP ${role}`) ? { pid: 7, goOn: () => void told.push(`SIGCONT ${role}`) } : null,
      scale: async (count: number) => void told.push(`scale ${count}`),
      workersAway: async () => void told.push('nobody works'),
      goOn: () => void told.push('all go on'),
    },
  };
  const deeds = new Deeds();
  const striker = new Striker({ world: world as unknown as World, deeds, report: () => undefined });
  return { told, deeds, striker, wires, bury: () => (alive = 0), raise: () => (alive = 1) };
}

const strike = (at: number, blow: Blow): Strike => ({ ...blow, at });

it('does each blow once, counts it, and leaves wires whole and processes going', async () => {
  const { told, deeds, striker, wires } = await house();
  striker.begin([
    strike(0, { kind: 'kill', role: 'workers', which: 0 }),
    strike(5, { kind: 'restart', role: 'decision-api', which: 0 }),
    strike(10, { kind: 'pause', role: 'workers', which: 0, forMs: 10 }),
    strike(15, { kind: 'scale', workers: 4 }),
    strike(20, { kind: 'wipe', restart: false }),
    strike(25, { kind: 'stall', server: 'kafka', lane: 'api', forMs: 300 }),
    strike(30, { kind: 'cut', server: 'redis', lane: 'api', share: 1 }),
    strike(35, { kind: 'workers_away', forMs: 1 }),
  ]);
  await sleep(150);
  expect(wires.of('api', 'kafka').wire.stalled).toBe(true);
  await striker.finish();
  const wanted = ['SIGKILL workers', 'SIGTERM decision-api', 'SIGSTOP workers', 'SIGCONT workers', 'scale 4'];
  expect(new Set(told)).toEqual(new Set([...wanted, 'wipe false', 'nobody works', 'all go on']));
  expect([told.length, told.at(-1)]).toEqual([8, 'all go on']);
  expect(wires.of('api', 'kafka').wire.stalled).toBe(false);
  expect(deeds.kills.workers + deeds.restarts['decision-api'] + deeds.pauses.workers).toBe(3);
  expect([deeds.wipes, deeds.stalls, deeds.workersAway, deeds.scaled]).toEqual([1, 1, 1, [4]]);
  // Nobody was connected, so nothing was cut.
  expect([deeds.cuts, deeds.missed, striker.failures]).toEqual([0, 1, []]);
});

it('takes the whole house along by one blow after the other, and counts a server once it is back', async () => {
  const { told, deeds, striker } = await house();
  striker.begin([
    strike(0, { kind: 'server', server: 'kafka', how: 'killed', forMs: 40 }),
    strike(5, { kind: 'server', server: 'redis', how: 'stopped', forMs: 1 }),
    strike(10, { kind: 'roll_back', backMs: 5 }),
  ]);
  await sleep(20);
  expect(deeds.serverRestarts.kafka.killed).toBe(0);
  await striker.finish();
  expect(told.filter((line) => line !== 'copy')).toEqual([
    'kill kafka',
    'start kafka',
    'stop redis',
    'start redis',
    'roll back',
    'all go on',
  ]);
  expect(told).toContain('copy');
  expect(deeds.serverRestarts).toMatchObject({ kafka: { killed: 1 }, redis: { stopped: 1 } });
});

it('waits for somebody to hit, and says when there was nobody until the end', async () => {
  const late = await house(0);
  late.striker.begin([strike(0, { kind: 'kill', role: 'workers', which: 0.5 })]);
  await sleep(50);
  expect(late.told).toEqual([]);
  late.raise();
  await expect.poll(() => late.told).toEqual(['SIGKILL workers']);
  const never = await house(0);
  never.striker.begin([strike(0, { kind: 'kill', role: 'workers', which: 0.5 })]);
  await sleep(20);
  await never.striker.finish();
  expect([never.deeds.missed, never.deeds.kills.workers]).toEqual([1, 0]);
});
