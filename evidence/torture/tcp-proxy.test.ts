import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { TcpProxy } from './tcp-proxy.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

/** A server that says its name and then sends back what it hears. */
async function echo(name: string): Promise<{ port: number; heard(): string; server: Server }> {
  let heard = '';
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.write(`${name}:`);
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
      socket.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  open.push({ [Symbol.asyncDispose]: close });
  const address = server.address();
  return { port: typeof address === 'object' && address ? address.port : 0, heard: () => heard, server };
}

async function proxyTo(...ports: number[]): Promise<TcpProxy> {
  const proxy = await TcpProxy.open('test');
  proxy.aim(ports);
  open.push(proxy);
  return proxy;
}

interface Client {
  readonly socket: Socket;
  text(): string;
  readonly ended: Promise<string>;
}

async function client(port: number): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1' });
  let text = '';
  let error = 'none';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.on('error', (why: NodeJS.ErrnoException) => {
    error = why.code ?? why.message;
  });
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve(error)));
  open.push({ [Symbol.asyncDispose]: async () => void socket.destroy() });
  await new Promise((resolve) => {
    socket.once('connect', resolve);
    socket.once('close', resolve);
  });
  return { socket, text: () => text, ended };
}

it('passes bytes on both ways, in order and whole', async () => {
  const server = await echo('a');
  const proxy = await proxyTo(server.port);
  const { socket, text } = await client(proxy.port);
  const sent = Array.from({ length: 20_000 }, (_, n) => `${n};`).join('');
  socket.write(sent);
  await expect.poll(text, { timeout: 5_000 }).toBe(`a:${sent}`);
});

it('shares connections among its targets and passes over one that is dead', async () => {
  const [a, b] = [await echo('a'), await echo('b')];
  const proxy = await proxyTo(a.port, b.port);
  const names = async () => {
    const four = await Promise.all([1, 2, 3, 4].map(() => client(proxy.port)));
    await expect.poll(() => four.every(({ text }) => text() !== '')).toBe(true);
    return four.map(({ text }) => text()).sort();
  };
  expect(await names()).toEqual(['a:', 'a:', 'b:', 'b:']);
  a.server.close();
  expect(await names()).toEqual(['b:', 'b:', 'b:', 'b:']);
});

it('resets whoever is connected when it is cut, and lets them come again', async () => {
  const server = await echo('a');
  const proxy = await proxyTo(server.port);
  const first = await client(proxy.port);
  await expect.poll(first.text).toBe('a:');
  expect(proxy.connections).toBe(1);
  expect(proxy.cut()).toBe(1);
  expect(await first.ended).toBe('ECONNRESET');
  const second = await client(proxy.port);
  await expect.poll(second.text).toBe('a:');
  expect(proxy.accepted).toBe(2);
});

it('tells a client that there is nobody when no target accepts, and when it refuses', async () => {
  const nobody = await proxyTo();
  expect(await (await client(nobody.port)).ended).toBe('ECONNRESET');
  const server = await echo('a');
  const proxy = await proxyTo(server.port);
  proxy.bend({ refusing: true });
  expect(await (await client(proxy.port)).ended).toBe('ECONNRESET');
  proxy.heal();
  await expect.poll((await client(proxy.port)).text).toBe('a:');
});

it('holds everything back while it is stalled, also for those who come then, and loses nothing of it', async () => {
  const server = await echo('a');
  const proxy = await proxyTo(server.port);
  const before = await client(proxy.port);
  await expect.poll(before.text).toBe('a:');
  proxy.bend({ stalled: true });
  before.socket.write('one');
  const during = await client(proxy.port);
  during.socket.write('two');
  await sleep(150);
  expect([server.heard(), before.text(), during.text()]).toEqual(['', 'a:', '']);
  proxy.heal();
  await expect.poll(before.text).toBe('a:one');
  await expect.poll(during.text).toBe('a:two');
});

it('brings every chunk later by the delay, in order', async () => {
  const server = await echo('a');
  const proxy = await proxyTo(server.port);
  const { socket, text } = await client(proxy.port);
  await expect.poll(text).toBe('a:');
  proxy.bend({ delayMs: 120 });
  const began = performance.now();
  socket.write('1');
  await sleep(20);
  socket.write('2');
  await expect.poll(text, { interval: 5, timeout: 3_000 }).toBe('a:12');
  // There and back.
  expect(performance.now() - began).toBeGreaterThan(230);
});

it('passes on that one side has ended', async () => {
  const server = await echo('a');
  const proxy = await proxyTo(server.port);
  const { socket, text, ended } = await client(proxy.port);
  socket.end('last');
  expect(await ended).toBe('none');
  expect(text()).toBe('a:last');
  await expect.poll(() => proxy.connections).toBe(0);
});
