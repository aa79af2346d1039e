import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { startClickHouse } from '../../compose/native/clickhouse.ts';
import { type KafkaServer, startKafka } from '../../compose/native/kafka.ts';
import type { NativeServer } from '../../compose/native/native-server.ts';
import { startPostgres } from '../../compose/native/postgres.ts';
import { startRedis } from '../../compose/native/redis.ts';
import { cacheFolder } from '../../engines/config.ts';
import { lanes, type ServerName } from './schedule.ts';

/** The four real servers of a run, in its folder. */
export interface RealServers {
  readonly all: Readonly<Record<ServerName, NativeServer>>;
  readonly kafka: KafkaServer;
  /** What Redis holds now is copied, to be rolled back to. */
  copyRedis(): Promise<void>;
  /** Kills Redis and starts it with the last copy. */
  rollBackRedis(): Promise<void>;
  /** FLUSHALL; with `restart` Redis is killed after it and starts empty. */
  wipeRedis(restart: boolean): Promise<void>;
  /** What the broker has written to its log. */
  kafkaLog(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts them. `kafkaPorts`: where each lane reaches Kafka. */
export async function startRealServers(
  path: string,
  kafkaPorts: readonly number[],
  onProgress: (line: string) => void,
): Promise<RealServers> {
  if (kafkaPorts.length !== lanes.length) throw new Error('every lane has its own way to Kafka');
  const options = (name: string) => ({ path: join(path, name), cacheDir: cacheFolder(), onProgress });
  const [kafka, redis, postgres, chdb] = await Promise.all([
    startKafka({ ...options('kafka'), advertised: kafkaPorts }),
    startRedis(options('redis')),
    startPostgres(options('postgresql')),
    startClickHouse(options('clickhouse')),
  ]);
  const redisPath = join(path, 'redis');
  const [kept, held] = [join(path, 'redis-copy'), join(redisPath, 'appendonlydir')];
  return {
    all: { kafka, redis, postgres, chdb },
    kafka,
    copyRedis: () => copyWhole(held, kept),
    async rollBackRedis() {
      await redis.kill();
      await rm(held, { recursive: true, force: true });
      await cp(kept, held, { recursive: true });
      await redis.restart();
    },
    async wipeRedis(restart) {
      await askRedis(Number(new URL(redis.url).port), 'FLUSHALL');
      if (!restart) return;
      await redis.kill();
      await redis.restart();
    },
    kafkaLog: () => readFile(join(path, 'kafka', 'kafka.log'), 'utf8'),
    async stop() {
      for (const server of [kafka, redis, chdb, postgres]) await server.stop();
    },
  };
}

/** The append-only files while they grow: a copy that saw them being rewritten is made again. */
async function copyWhole(from: string, to: string): Promise<void> {
  const names = async () => (await readdir(from)).sort().join(' ');
  for (;;) {
    const before = await names();
    await rm(to, { recursive: true, force: true });
    await cp(from, to, { recursive: true });
    if (before === (await names())) return;
  }
}

/** Sends one command and takes +OK for an answer. */
function askRedis(port: number, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 5_000 });
    socket.once('connect', () => socket.write(`${command}\r\n`));
    socket.once('data', (data) => {
      socket.destroy();
      if (data.toString().startsWith('+OK')) resolve();
      else reject(new Error(`Redis answered ${command} with ${data.toString().slice(0, 100)}`));
    });
    socket.once('timeout', () => socket.destroy(new Error(`Redis did not answer ${command}`)));
    socket.once('error', reject);
  });
}
