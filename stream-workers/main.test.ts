import { once } from 'node:events';
import { createServer } from 'node:net';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { Catalog } from '../engines/catalog/catalog.ts';
import { EngineError } from '../engines/errors.ts';
import { openBench } from './fixture.ts';
import { startWorkers } from './main.ts';

const away = () => Promise.reject(new EngineError('unavailable', 'the engine'));
const emptyCatalog = { snapshot: async () => ({ campaigns: [], pods: [] }) } as unknown as Catalog;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

it('workers that could not start leave nothing behind, so that the next try finds their port free', async () => {
  await using bench = await openBench();
  const ports = [await freePort()];
  const start = (log: typeof bench.log) =>
    startWorkers({
      ...bench,
      log,
      names: ['frequency'],
      catalog: emptyCatalog,
      logger: pino({ level: 'silent' }),
      ports,
    });
  const silent: typeof bench.log = Object.create(bench.log);
  silent.subscribe = away;
  for (let tries = 0; tries < 2; tries++) await expect(start(silent)).rejects.toMatchObject({ code: 'unavailable' });
  const started = await start(bench.log);
  expect(started.url).toContain(`:${ports[0]}`);
  await started.close();
});

it('a worker shows the counters that alerts watch before anything happened, with nothing counted', async () => {
  await using bench = await openBench();
  const logger = pino({ level: 'silent' });
  const started = await startWorkers({ ...bench, names: ['frequency'], catalog: emptyCatalog, logger, ports: [0] });
  try {
    const lines = (await (await fetch(`${started.url}/metrics`)).text()).split('\n');
    expect(lines).toContain('breakwater_outcomes_total{group="frequency",outcome="dead_letter"} 0');
    expect(lines).toContain('breakwater_batch_failures_total{group="frequency",code="unavailable"} 0');
    expect(lines).toContain('breakwater_undecodable_total{topic="catalog-changes"} 0');
  } finally {
    await started.close();
  }
});
