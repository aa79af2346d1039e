import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { listenOnFirst, portsToTry } from './endpoints.ts';

const listen = async (port: number) => {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

it('listens elsewhere when somebody has the port of the last time', async () => {
  const other = await listen(0);
  const taken = (other.address() as { port: number }).port;
  const own = await listenOnFirst(portsToTry(0, `http://127.0.0.1:${taken}`), listen);
  expect((own.address() as { port: number }).port).not.toBe(taken);
  own.close();
  other.close();
});

it('takes the usual port where none is configured, and not where 0 is', () => {
  expect(portsToTry(null, undefined, 8080)).toEqual([8080, 0]);
  expect(portsToTry(0, undefined, 8080)).toEqual([0]);
  expect(portsToTry(0, 'http://127.0.0.1:7777', 8080)).toEqual([7777, 0]);
  expect(portsToTry(9090, 'http://127.0.0.1:7777', 8080)).toEqual([9090]);
});

it('listens on a configured port or nowhere, and says so', async () => {
  const other = await listen(0);
  const { port } = other.address() as { port: number };
  await expect(listenOnFirst(portsToTry(port, undefined), listen)).rejects.toThrow(`port ${port} is taken`);
  other.close();
});

it('gives two who ask for the same port at the same time one each', async () => {
  const free = await listen(0);
  const { port } = free.address() as { port: number };
  await new Promise((resolve) => free.close(resolve));
  const both = await Promise.all([1, 2].map(() => listenOnFirst([port, 0], listen)));
  const ports = both.map((server) => (server.address() as { port: number }).port);
  for (const server of both) server.close();
  expect(new Set(ports).size).toBe(2);
  expect(ports).toContain(port);
});
