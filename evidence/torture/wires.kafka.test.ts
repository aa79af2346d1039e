import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type KafkaServer, startKafka } from '../../compose/native/kafka.ts';
import { systemClock } from '../../engines/clock.ts';
import { cacheFolder } from '../../engines/config.ts';
import { openKafkaEventLog } from '../../engines/event-log/kafka-event-log.ts';
import { TcpProxy } from './tcp-proxy.ts';

const clock = systemClock();
let folder: string;
let proxies: TcpProxy[];
let kafka: KafkaServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-wires-'));
  proxies = [await TcpProxy.open('first'), await TcpProxy.open('second')];
  const onProgress = (line: string) => void process.stderr.write(`${line}\n`);
  kafka = await startKafka({
    path: folder,
    cacheDir: cacheFolder(),
    onProgress,
    advertised: proxies.map(({ port }) => port),
  });
  for (const [at, proxy] of proxies.entries()) proxy.aim([kafka.doors[at] ?? 0]);
}, 150_000);

afterAll(async () => {
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  await kafka.kill();
  await rm(folder, { recursive: true });
}, 30_000);

it("a client that comes in through a lane's proxy stays there, and a cut reaches it and nobody else", async () => {
  const [first, second] = proxies as [TcpProxy, TcpProxy];
  const prefix = randomUUID();
  const open = ({ port }: TcpProxy) =>
    openKafkaEventLog({
      url: `kafka://127.0.0.1:${port}?prefix=${prefix}.`,
      clock,
      timeoutMs: 4_000,
      onError: () => undefined,
    });
  const [one, other] = [open(first), open(second)];
  await one.ensureTopics([{ name: 'topic', partitions: 2, retentionMs: 86_400_000 }]);
  const append = (log: typeof one) => log.append('topic', [{ partition: 1, key: 'k', value: Buffer.from('v') }]);
  const offsets = [...(await append(one)), ...(await append(other))].map(({ offset }) => offset);
  expect(offsets).toEqual([0, 1]);
  expect([first.connections > 0, second.connections > 0]).toEqual([true, true]);

  first.bend({ stalled: true });
  await expect(append(one)).rejects.toMatchObject({ code: 'timeout' });
  expect((await append(other))[0]?.offset).toBe(2);
  first.heal();
  expect(first.cut()).toBeGreaterThan(0);
  await expect
    .poll(
      () =>
        append(one).then(
          () => 'ok',
          () => 'not yet',
        ),
      { timeout: 15_000 },
    )
    .toBe('ok');

  // The broker is at other ports perhaps, and the proxies stay.
  await kafka.kill();
  await kafka.restart();
  for (const [at, proxy] of proxies.entries()) proxy.aim([kafka.doors[at] ?? 0]);
  await expect
    .poll(
      () =>
        append(other).then(
          () => 'ok',
          () => 'not yet',
        ),
      { timeout: 15_000 },
    )
    .toBe('ok');
  await one.close();
  await other.close();
}, 90_000);
