import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openClickHouse } from '../../engines/warehouse/clickhouse-warehouse.ts';
import { startEmbeddedWarehouse } from '../../engines/warehouse/embedded-server.ts';
import { migrateWarehouse } from '../../engines/warehouse/migrate.ts';
import { recompute } from '../../engines/warehouse/roll-ups.ts';
import { schemaType, toWire } from '../audit/avro.ts';
import type { CallFact, SeenAd } from '../audit/calls.ts';
import type { Identity, Logged, Run, TokenFact } from '../audit/facts.ts';
import { openLogFile } from '../audit/read-log.ts';
import { openStateFile } from '../audit/read-state.ts';

/** When the keys of the state store end. */
const FAR_FUTURE_MS = Date.UTC(2100, 0, 1);

/** Writes a run that exists only as data into a folder, the way the product leaves one. */
export async function writeRun(run: Run, dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'seed.json'), JSON.stringify([...run.seed.values()]));
  writeFileSync(join(dir, 'settings.json'), JSON.stringify(run.settings));
  writeFileSync(join(dir, 'viewers.jsonl'), run.calls.map((call) => `${JSON.stringify(lineOf(call, run))}\n`).join(''));
  await writeLog(run, dir);
  await writeState(run, dir);
  await writeWarehouse(run, dir);
}

function lineOf(call: CallFact, run: Run): object {
  const ads = call.answer?.ads.map((ad) => {
    const token = run.token(ad.tracking.impression ?? '');
    return { ...ad, tracking: { impression: token ? urlOf(token) : '' } };
  });
  const json = call.answer && { request_id: call.answer.request_id, pod: { ads } };
  return {
    ...{
      seq: call.seq,
      dialect: call.dialect,
      kind: call.kind,
      intent: call.intent,
      url: call.url,
      status: call.status,
      error: call.error,
    },
    body: call.kind === 'ad-request' ? { user: { id: call.userId } } : null,
    answer: call.dialect === 'vast' ? vastOf(ads ?? []) : json,
    ...{ cb: call.cb, event: call.event, ad_id: call.adId, request_id: call.requestId },
  };
}

/** As much of VAST as the audit reads. */
function vastOf(ads: readonly SeenAd[]): string {
  const inner = ads.map(
    ({ ad_id, creative_id, position, duration_seconds, tracking }) =>
      `<Ad id="${ad_id}" sequence="${position}"><InLine><Impression><![CDATA[${tracking.impression}]]></Impression><Creatives>
       <Creative id="${creative_id}"><Linear><Duration>00:00:${duration_seconds}</Duration></Linear></Creative></Creatives></InLine></Ad>`,
  );
  return `<VAST version="4.2">${inner.join('')}</VAST>`;
}

function urlOf(token: TokenFact): string {
  return `http://test/api/v2/beacons/impression?t=k1.${schemaType('tracking-token').toBuffer(token).toString('base64url')}.c2ln&cb=[CACHEBUSTING]`;
}

async function writeLog(run: Run, dir: string): Promise<void> {
  const log = openLogFile(dir, false);
  const put = ({ topic, partition, offset, appendedAt, key, value }: Logged<object>, name: string, rest: object) => {
    const head = Buffer.alloc(10);
    head.writeBigInt64BE(BigInt(appendedAt), 0);
    head.writeUInt16BE(Buffer.byteLength(key), 8);
    return log.records.put(
      [topic, partition, offset],
      Buffer.concat([head, Buffer.from(key), toWire(name, { ...rest, ...value })]),
    );
  };
  for (const record of run.log.requests) {
    const { value } = record;
    const { candidates } = value;
    const proof = { value: 0, bound: 0, nodes: 0, exact: true, ...value.proof };
    await put({ ...record, value: { ...value, candidates, proof } }, 'ad-request', { objective: 'revenue' });
  }
  for (const record of run.log.beacons) await put(record, 'ad-beacon', {});
  for (const record of run.log.signals) await put(record, 'campaign-signal', { computed_at: record.appendedAt });
  for (const { topic, partition, next, times } of run.log.partitions) {
    const end = Buffer.alloc(16);
    end.writeBigInt64BE(BigInt(next), 0);
    end.writeBigInt64BE(BigInt(times.at(-1) ?? 0), 8);
    await log.ends.put([topic, partition], end);
  }
  await log.close();
}

async function writeState(run: Run, dir: string): Promise<void> {
  const state = openStateFile(dir, false);
  const head = Buffer.alloc(16);
  head.writeBigUInt64BE(BigInt(FAR_FUTURE_MS), 8);
  const put = (key: string, schema: string, value: object) =>
    state.records.put(key, Buffer.concat([head, schemaType(schema).toBuffer(value)]));
  for (const [id, money] of run.state.money) await put(`m:${id}`, 'money-record', money);
  for (const sums of run.state.sums) {
    const counts = { starts: 0, completes: 0, clicks: 0, errors: 0 };
    await put(`s:${sums.partition}:${sums.minute}`, 'sums-record', {
      position: 0,
      campaigns: sums.campaigns.map((one) => ({ ...counts, ...one })),
    });
  }
  for (const { scope, hash, entries } of run.state.frequency) {
    await put(`f:${scope}:${hash}`, 'frequency-record', {
      entries: entries.map((entry) => ({ partition: 0, expires_at: 0, ...entry })),
    });
  }
  for (const { group, topic, partition, position } of run.state.heads) {
    await put(`h:${group}:${topic}:${partition}`, 'head-record', { position, watermark: 0, caught_up: [] });
  }
  await state.close();
}

async function writeWarehouse(run: Run, dir: string): Promise<void> {
  const server = await startEmbeddedWarehouse({ path: join(dir, 'warehouse'), port: 0 });
  const warehouse = openClickHouse({ url: server.url });
  try {
    await migrateWarehouse(warehouse, () => undefined);
    const insert = async (table: string, rows: readonly object[]) => {
      const query = encodeURIComponent(`INSERT INTO breakwater.${table} FORMAT JSONEachRow`);
      const body = rows.map((row) => JSON.stringify(row)).join('\n');
      const response = await fetch(`${server.url}/?query=${query}&date_time_input_format=best_effort`, {
        method: 'POST',
        body,
      });
      if (!response.ok) throw new Error(await response.text());
    };
    await insert(
      'requests',
      run.log.requests.map((record) => requestRow(record)),
    );
    await insert(
      'request_ads',
      run.log.requests.flatMap((record) =>
        record.value.ads.map((ad) => ({
          ...requestRow(record),
          ...ad,
          ...decided(ad),
          capped_by: byScope(ad.capped_by),
          minute: minuteOf(record.value.received_at),
        })),
      ),
    );
    await insert(
      'beacons',
      run.warehouse.beacons.map((row) => beaconRow(row, run)),
    );
    await insert(
      'signals',
      run.log.signals.map(({ value, ...record }) => ({
        ...where(record),
        computed_at: iso(record.appendedAt),
        ...value,
      })),
    );
    for (const [family, records] of [
      ['request', run.log.requests],
      ['delivery', run.log.beacons],
    ] as const) {
      const minutes = new Set(records.map(({ value }) => Math.floor(value.received_at / 60_000) * 60));
      await recompute(
        warehouse,
        family,
        [...minutes].map((minute) => ({ partition: 0, minute })),
      );
    }
  } finally {
    await warehouse.close();
    await server.stop();
  }
}

const byScope = (identities: readonly Identity[]) =>
  Object.fromEntries(identities.map(({ scope, hash }) => [scope, hash]));
const iso = (ms: number) => new Date(ms).toISOString();
const where = ({ topic, partition, offset, appendedAt }: Omit<Logged<unknown>, 'value' | 'key'>) => ({
  ...{ topic, source_partition: partition, offset },
  appended_at: iso(appendedAt),
});
const decided = ({ minute, expires_at }: { minute: number; expires_at: number }) => ({
  decision_minute: iso(minute * 60_000),
  expires_at: iso(expires_at),
});
const minuteOf = (receivedAt: number) => iso(Math.floor(receivedAt / 60_000) * 60_000);

function requestRow({ value, ...record }: Run['log']['requests'][number]): object {
  const { request_id, arrival_id, received_at, requested_seconds, filled_seconds } = value;
  return {
    ...where(record),
    ...{
      request_id,
      arrival_id,
      requested_seconds,
      filled_seconds,
      ads: value.ads.length,
      paid_seconds: filled_seconds,
    },
    received_at: iso(received_at),
    minute: minuteOf(received_at),
  };
}

function beaconRow({ minute, expires_at, appendedAt, ...row }: Run['warehouse']['beacons'][number], run: Run): object {
  const logged = run.log.beacons.find(({ offset }) => offset === row.offset)?.value;
  const receivedAt = logged?.received_at ?? appendedAt;
  return {
    ...row,
    ...where({ ...row, appendedAt }),
    ...decided({ minute, expires_at }),
    received_at: iso(receivedAt),
    minute: minuteOf(receivedAt),
    cachebuster: logged?.cachebuster ?? '',
    pricing_model: logged?.pricing_model ?? '',
    identities: byScope(logged?.identities ?? []),
  };
}
