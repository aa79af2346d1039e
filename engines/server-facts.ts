import { Cluster, Redis } from 'ioredis';
import kafkajs from 'kafkajs';
import { topics } from '../schemas/events.ts';
import { openPool } from './catalog/postgres-client.ts';
import { EngineError } from './errors.ts';
import { parseKafkaUrl } from './event-log/kafka-url.ts';
import { silenceKafkaTimers } from './event-log/kafka-warnings.ts';
import { parseRedisUrl } from './state-store/redis-url.ts';
import { openClickHouse } from './warehouse/clickhouse-warehouse.ts';

/** What a server says of itself. */
export interface ServerFacts {
  /** Null: it does not say. */
  readonly version: string | null;
  /** What a house of ours would trip over, in words; empty: nothing. */
  readonly holds: readonly string[];
}

const ANSWER_MS_MAX = 5_000;

/** Asks the server behind a setting's URL. EngineError `unavailable` where it does not answer, which never shows the URL. */
export async function serverFacts(
  setting: 'EVENT_LOG' | 'STATE_STORE' | 'WAREHOUSE' | 'CATALOG',
  url: string,
): Promise<ServerFacts> {
  const ask = { EVENT_LOG: kafkaFacts, STATE_STORE: redisFacts, WAREHOUSE: clickHouseFacts, CATALOG: postgresFacts };
  try {
    return await ask[setting](url);
  } catch (error) {
    if (error instanceof EngineError && error.code === 'misconfigured') throw error;
    throw new EngineError('unavailable', `${setting}: ${(error as Error).message}`, error);
  }
}

/** Brokers do not tell their version to clients of this age. */
async function kafkaFacts(url: string): Promise<ServerFacts> {
  const { connection, prefix } = parseKafkaUrl(url);
  const limits = { connectionTimeout: ANSWER_MS_MAX, requestTimeout: ANSWER_MS_MAX, retry: { retries: 1 } };
  silenceKafkaTimers();
  const admin = new kafkajs.Kafka({ ...connection, ...limits, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const ours = new Set(topics.map(({ name }) => prefix + name));
    const there = (await admin.listTopics()).filter((name) => ours.has(name));
    return { version: null, holds: there.map((name) => `topic ${name}`) };
  } finally {
    await admin.disconnect();
  }
}

async function redisFacts(url: string): Promise<ServerFacts> {
  const { cluster, nodes, username, password, db, tls } = parseRedisUrl(url);
  const options = {
    ...(username ? { username } : {}),
    ...(password === null ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    connectTimeout: ANSWER_MS_MAX,
    commandTimeout: ANSWER_MS_MAX,
    maxRetriesPerRequest: 0,
  };
  const client = cluster
    ? new Cluster([...nodes], { redisOptions: options, clusterRetryStrategy: () => null })
    : new Redis({ ...options, ...nodes[0], db, retryStrategy: () => null });
  let told: Error | null = null;
  client.on('error', (error: Error) => {
    told ??= error;
  });
  try {
    const info = await client.info('server');
    const masters = client instanceof Cluster ? client.nodes('master') : [client];
    const sizes = await Promise.all(masters.map((node) => node.dbsize()));
    const keys = sizes.reduce((sum, size) => sum + size, 0);
    const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? null;
    return { version, holds: keys > 0 ? [`${keys} keys in database ${db}`] : [] };
  } catch (error) {
    throw told ?? error;
  } finally {
    client.disconnect();
  }
}

async function postgresFacts(url: string): Promise<ServerFacts> {
  const pool = openPool(url, 1);
  try {
    const version = await pool.query<{ server_version: string }>('SHOW server_version');
    const tables = await pool.query<{ tablename: string }>(
      'SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1 LIMIT 20',
    );
    return {
      version: version.rows[0]?.server_version.split(' ')[0] ?? null,
      holds: tables.rows.map(({ tablename }) => `table ${tablename}`),
    };
  } finally {
    await pool.end();
  }
}

async function clickHouseFacts(url: string): Promise<ServerFacts> {
  const warehouse = openClickHouse({ url, timeoutMs: ANSWER_MS_MAX });
  try {
    const [said] = await warehouse.query<{ version: string }>('SELECT version() AS version');
    const tables = await warehouse.query<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = 'breakwater' ORDER BY name LIMIT 20",
    );
    return { version: said?.version ?? null, holds: tables.map(({ name }) => `table breakwater.${name}`) };
  } finally {
    await warehouse.close();
  }
}
