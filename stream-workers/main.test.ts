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
