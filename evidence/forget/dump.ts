import { join } from 'node:path';
import { open } from 'lmdb';
import { STREAM_KEPT_MS } from '../../domain/separation-stream.ts';
import { keys } from '../../engines/state-store/keys.ts';
import type { RedisServer } from '../../engines/state-store/redis-fixture.ts';
import type { StateStore } from '../../engines/state-store/state-store.ts';
import { decodeBare } from '../../schemas/codec.ts';
import { lastExpiry } from '../../stream-workers/first-sight.ts';

/** Every name in a store, and what claim buckets hold: past the port, which neither lists nor reads them. */
export interface Raw {
  readonly names: readonly string[];
  /** bucket -> id -> offset */
  readonly buckets: ReadonlyMap<string, Readonly<Record<string, number>>>;
}

/** Record -> what it says, in a form in which equal things are equal. */
export type Dump = Readonly<Record<string, unknown>>;

/**
 * All that a store holds of windows, money and first sight, record by record. Left out is what stands for nothing: places
 * that are released or whose token has ended, sums and claims of minutes that are over, empty records; and versions.
 * Not part of it: answers to repeated requests, signals and scores (their workers make them again), marks.
 */
export async function dump(store: StateStore, raw: Raw): Promise<Dump> {
  const found: Record<string, unknown> = {};
  const bytesOf = async (name: string) => (await store.read([name]))[0]?.bytes ?? null;
  const number = async (name: string) => Number((await bytesOf(name))?.readBigInt64BE() ?? 0);
  const closed = await number(keys.closed);
  const life = await number(keys.tokenLife);
  found[keys.closed] = closed;
  found[keys.tokenLife] = life;
  const stores = await store.stores();
  const marks = new Map<string, number>();
  for (const name of raw.names.filter((one) => /^h:(frequency|pacing):/.test(one))) {
    const head = decodeBare('head-record', (await bytesOf(name)) ?? Buffer.alloc(0));
    marks.set(name, head.watermark);
    const caughtUp = stores.every((id) => head.caught_up.includes(id));
    found[name] = { position: head.position, watermark: head.watermark, caughtUp };
  }
  const lowest = Math.min(
    ...[...marks].flatMap(([name, at]) => (name.startsWith('h:frequency:ad-beacons') ? [at] : [])),
  );
  const watermark = (group: string, partition: number | string) =>
    marks.get(keys.head(group, 'ad-beacons', Number(partition))) ?? 0;
  for (const name of raw.names) {
    const [kind, a = '', b = ''] = name.split(':');
    const bytes = 'ftmso'.includes(kind ?? '-') ? await bytesOf(name) : null;
    if (!bytes) continue;
    const said = recordOf(kind ?? '', { minute: Number(b), closed, lowest, bytes }, (p) => watermark('frequency', p));
    if (said !== null) found[name] = said;
    void a;
  }
  for (const [name, claims] of raw.buckets) {
    const [, group = '', partition = '', minute = ''] = name.split(':');
    if (lastExpiry(Number(minute), life) < watermark(group, partition)) continue;
    found[name] = Object.fromEntries(Object.entries(claims).sort(([x], [y]) => (x < y ? -1 : 1)));
  }
  return found;
}

interface Kept {
  readonly minute: number;
  readonly closed: number;
  /** Lowest watermark of the frequency group. */
  readonly lowest: number;
  readonly bytes: Buffer;
}

const byReservation = (x: { readonly reservation: string }, y: { readonly reservation: string }) =>
  x.reservation < y.reservation ? -1 : 1;

function recordOf(
  kind: string,
  { minute, closed, lowest, bytes }: Kept,
  watermark: (partition: number) => number,
): unknown {
  if (kind === 'f') {
    const { entries, totals, erased_at } = decodeBare('frequency-record', bytes);
    const live = entries.filter(
      ({ state, partition, expires_at }) =>
        state === 'CONFIRMED' || (state === 'OUTSTANDING' && watermark(partition) <= expires_at),
    );
    const empty = live.length === 0 && totals.length === 0 && erased_at === 0;
    return empty ? null : plain({ entries: live.toSorted(byReservation), totals, erased_at });
  }
  if (kind === 't') {
    const { entries, erased_at } = decodeBare('stream-record', bytes);
    const live = entries.filter(
      ({ state, at, expires_at }) => state !== 'RELEASED' && Math.max(at, expires_at) >= lowest - STREAM_KEPT_MS,
    );
    return live.length === 0 && erased_at === 0 ? null : plain({ entries: live.toSorted(byReservation), erased_at });
  }
  if (kind === 'm') {
    const money = decodeBare('money-record', bytes);
    const empty = money.billed_impressions === 0 && money.days.length === 0 && money.taken.length === 0;
    return empty ? null : plain({ ...money, taken: money.taken.toSorted((x, y) => x.minute - y.minute) });
  }
  if (kind === 's') {
    if (minute <= closed) return null;
    const { campaigns } = decodeBare('sums-record', bytes);
    return campaigns.toSorted((x, y) => (x.campaign < y.campaign ? -1 : 1)).map(plain);
  }
  const minutes = decodeBare('open-minutes-record', bytes).minutes.filter((one) => one > closed);
  return minutes.length === 0 ? null : minutes;
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

export async function rawOfRedis(server: Pick<RedisServer, 'ask'>): Promise<Raw> {
  const names = ((await server.ask('KEYS', '*')) as string[]).sort();
  const buckets = new Map<string, Record<string, number>>();
  for (const name of names.filter((one) => one.startsWith('k:'))) {
    const words = (await server.ask('HGETALL', name)) as string[];
    const claims: Record<string, number> = {};
    for (let at = 0; at + 1 < words.length; at += 2) claims[words[at] ?? ''] = Number(words[at + 1]);
    buckets.set(name, claims);
  }
  return { names: names.filter((one) => !one.startsWith('k:')), buckets };
}

export async function rawOfLmdb(folder: string): Promise<Raw> {
  const root = open({ path: join(folder, 'state'), readOnly: true, maxDbs: 16 });
  try {
    const records = root.openDB<Buffer, string>({ name: 'records', encoding: 'binary' });
    const claims = root.openDB<Buffer, [string, string]>({ name: 'claims', encoding: 'binary' });
    const buckets = new Map<string, Record<string, number>>();
    for (const { key, value } of claims.getRange()) {
      const [bucket, id] = key;
      const known = buckets.get(bucket) ?? {};
      buckets.set(bucket, known);
      known[id] = Number(value.readBigUInt64BE(0));
    }
    return { names: [...records.getKeys()], buckets };
  } finally {
    await root.close();
  }
}
