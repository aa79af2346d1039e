import { Cluster, Redis } from 'ioredis';
import type { RawEntry } from './read-state.ts';

/** Before a record's bytes: its version. */
const HEADER_BYTES = 8;
const SCANNED_AT_ONCE = 1_000;

/** Reads every key behind redis://, rediss://, redis+cluster:// or rediss+cluster://. */
export async function readRedis(url: string): Promise<RawEntry[]> {
  const clustered = /^redis(s?)\+cluster:\/\/(?:([^@/]*)@)?([^/]+)/.exec(url);
  const client = clustered ? clusterOf(clustered) : new Redis(url, { maxRetriesPerRequest: 2 });
  // What went wrong is what the first question rejects with.
  client.on('error', () => undefined);
  try {
    if (!(client instanceof Cluster)) return await readNode(client);
    // The nodes are known once one has answered.
    await client.ping();
    return (await Promise.all(client.nodes('master').map(readNode))).flat();
  } finally {
    client.disconnect();
  }
}

function clusterOf([, tls, credentials = '', hosts = '']: RegExpExecArray): Cluster {
  const [username = '', password] = credentials.split(':').map(decodeURIComponent);
  const redisOptions = {
    ...(username === '' ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === 's' ? { tls: {} } : {}),
  };
  const nodes = hosts.split(',').map((host) => {
    const [, name = host, port = '6379'] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
    return { host: name, port: Number(port) };
  });
  return new Cluster(nodes, { redisOptions });
}

async function readNode(node: Redis): Promise<RawEntry[]> {
  const found = new Map<string, RawEntry>();
  let cursor = '0';
  do {
    const [next, keys] = await node.scan(cursor, 'COUNT', SCANNED_AT_ONCE);
    for (const entry of await readKeys(node, keys)) found.set(entry.key, entry);
    cursor = next;
  } while (cursor !== '0');
  return [...found.values()];
}

/** What has gone meanwhile is left out. A bucket of claims is a hash, of which only the expiry is read. */
async function readKeys(node: Redis, keys: readonly string[]): Promise<RawEntry[]> {
  const asked = node.pipeline();
  for (const key of keys) asked.type(key).pttl(key).time();
  const told = (await asked.exec()) ?? [];
  const entries: RawEntry[] = [];
  for (const [index, key] of keys.entries()) {
    const [type, life, time] = told.slice(index * 3, index * 3 + 3).map((answer) => answer[1]);
    if (type === 'none' || Number(life) === -2) continue;
    const value = type === 'string' ? await node.getBuffer(key) : null;
    if (type === 'string' && value === null) continue;
    const [seconds, micros] = time as [number | string, number | string];
    const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    const expiresAt = Number(life) < 0 ? 0 : now + Number(life);
    entries.push({ key, bytes: value?.subarray(HEADER_BYTES) ?? Buffer.alloc(0), expiresAt });
  }
  return entries;
}
