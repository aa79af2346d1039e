import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { listenForHealth } from './health-listener.ts';
import { collectProcessMetrics, type Readiness } from './process-metrics.ts';

test('a process tells whether it lives, whether it is ready and why not, and what it measures of itself', async () => {
  let state: Readiness = { ready: false, why: ['outbox: not read yet'], degraded: [] };
  const registry = new Registry();
  collectProcessMetrics(registry, () => state);
  const health = await listenForHealth({ host: '127.0.0.1', ports: [0], registry, readiness: () => state });
  try {
    const get = (path: string) => fetch(health.url + path);
    expect((await get('/health/live')).status).toBe(200);
    const early = await get('/health/ready');
    expect(early.status).toBe(503);
    expect(await early.json()).toMatchObject({ ready: false, why: ['outbox: not read yet'] });
    expect(await (await get('/metrics')).text()).toMatch(/^breakwater_ready 0$/m);

    state = { ready: true, why: [], degraded: ['the log does not answer'] };
    expect((await get('/health/ready?verbose')).status).toBe(200);
    const text = await (await get('/metrics')).text();
    expect(text).toMatch(/^breakwater_ready 1$/m);
    expect(text).toMatch(/^breakwater_degraded_reasons 1$/m);
    for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds', 'nodejs_heap_size_used_bytes'])
      expect(text).toMatch(new RegExp(`^${name}[ {]`, 'm'));
    expect(Number(/^breakwater_heap_limit_bytes (\S+)$/m.exec(text)?.[1])).toBeGreaterThan(10_000_000);
    expect((await get('/somewhere')).status).toBe(404);
  } finally {
    await health.close();
  }
});
