import { existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemClock } from '../engines/clock.ts';
import { type Config, readConfig } from '../engines/config.ts';
import { checkWritable, nearestFolder } from '../engines/data-folder.ts';
import { readEndpoints, warehouseUrl } from '../engines/endpoints.ts';
import { EngineError } from '../engines/errors.ts';
import { compareTopics } from '../engines/event-log/topic-check.ts';
import { describeTopics, openStateStore, openWarehouse, topicSpecs } from '../engines/open.ts';
import { readSecrets } from '../engines/secrets.ts';
import { atDesk } from './keys.ts';
import { release } from './release.ts';

/** One thing that was looked at. `mend`: what to do, where it is not well. */
interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly mend?: string;
}

type Look = (config: Config) => Promise<readonly Finding[]>;

const NODE_MIN = 24;
const GIB = 1024 ** 3;
/** An instance of the decision API is not ready beyond 30 s; said before it is so. */
const CLOCK_MS_WARN = 5_000;
const CLOCK_MS_MAX = 30_000;
const MIGRATIONS = new URL('../migrations/', import.meta.url);

const ok = (name: string, detail: string): Finding => ({ name, state: 'ok', detail });
const fail = (name: string, detail: string, mend: string): Finding => ({ name, state: 'fail', detail, mend });
const warn = (name: string, detail: string, mend: string): Finding => ({ name, state: 'warn', detail, mend });

const looks: Readonly<Record<string, Look>> = {
  versions,
  disk,
  ports,
  catalog,
  warehouse,
  'event log': topics,
  'state store': store,
  keys,
};

/** `breakwater doctor`: looks at everything, says how to mend what it finds; exit code 1 where something is broken. Changes nothing. */
export async function doctorCommand({ json }: { readonly json?: boolean }): Promise<void> {
  const findings: Finding[] = [];
  let config: Config | null = null;
  try {
    config = readConfig();
    findings.push(ok('settings', 'every variable can be read'));
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    for (const problem of error.message.split('; '))
      findings.push(fail('settings', problem, 'set it as it says, or unset it'));
  }
  if (config !== null)
    for (const [name, look] of Object.entries(looks)) findings.push(...(await tried(name, look, config)));
  const broken = findings.filter(({ state }) => state === 'fail').length;
  if (json) process.stdout.write(`${JSON.stringify({ ok: broken === 0, findings })}\n`);
  else for (const each of findings) process.stdout.write(lineOf(each));
  if (!json) process.stdout.write(`${findings.length} looked at, ${broken} to mend\n`);
  process.exitCode = broken === 0 ? 0 : 1;
}

async function tried(name: string, look: Look, config: Config): Promise<readonly Finding[]> {
  try {
    return await look(config);
  } catch (error) {
    const mend = mendOf(error);
    if (mend === null) throw error;
    return [fail(name, (error as Error).message, mend)];
  }
}

/** Null: a fault of ours. */
function mendOf(error: unknown): string | null {
  if (error instanceof EngineError && error.code === 'misconfigured')
    return 'set what it names, or start a house: breakwater up';
  if (error instanceof Error && 'syscall' in error && 'path' in error)
    return 'let this user read and write what it names, or set DATA_DIR to another folder';
  const isAway = error instanceof EngineError || (error instanceof Error && 'syscall' in error);
  return isAway ? 'start it, or set where it is; then look again' : null;
}

function lineOf({ name, state, detail, mend }: Finding): string {
  const mark = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' }[state];
  return `${mark} ${name.padEnd(12)} ${detail}\n${mend === undefined ? '' : `     to mend: ${mend}\n`}`;
}

async function versions(): Promise<readonly Finding[]> {
  const [major = 0] = process.versions.node.split('.').map(Number);
  const detail = `${release()}, node ${process.versions.node} on ${process.platform} ${process.arch}`;
  return [
    major >= NODE_MIN
      ? ok('versions', detail)
      : fail('versions', detail, `npm install brings Node ${NODE_MIN}; run by node cli/breakwater.mjs`),
  ];
}

async function disk({ dataDir, journalDiskFreeBytes }: Config): Promise<readonly Finding[]> {
  const place = nearestFolder(dataDir);
  if (!statSync(place).isDirectory())
    return [fail('disk', `${place} is no folder`, 'set DATA_DIR to one, or to a new one')];
  checkWritable(place);
  const { bavail, bsize } = statfsSync(place);
  const free = bavail * bsize;
  const detail = `${(free / GIB).toFixed(1)} GiB free under ${place}`;
  if (free < journalDiskFreeBytes)
    return [fail('disk', detail, 'make room: below JOURNAL_DISK_FREE beacons are refused; or set DATA_DIR')];
  if (place !== resolve(dataDir))
    return [warn('disk', `${dataDir} is not there`, 'breakwater up makes it; or set DATA_DIR')];
  return [free < GIB ? warn('disk', detail, 'make room, before beacons are refused') : ok('disk', detail)];
}

/** Whatever is known to listen must answer, and be ready. */
async function ports({ dataDir }: Config): Promise<readonly Finding[]> {
  const { decisionApi, moreDecisionApis = {}, management, workers = {} } = readEndpoints(dataDir);
  const more = Object.entries(moreDecisionApis).map(([instance, url]) => [`decision API ${instance}`, url]);
  const all = { 'decision API': decisionApi, ...Object.fromEntries(more), management, ...workers };
  const known = Object.entries(all).filter(([, url]) => url !== undefined);
  if (known.length === 0)
    return [warn('ports', 'no process is known on this data folder', 'breakwater up, or breakwater serve …')];
  return await Promise.all(
    known.map(async ([name, url]) => {
      try {
        const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
        const said = await answer.text();
        return answer.ok
          ? ok('ports', `${name} is ready at ${url}`)
          : fail('ports', `${name} at ${url}: ${said.slice(0, 300)}`, 'what it says is what it waits for');
      } catch {
        return warn(
          'ports',
          `${name} does not answer at ${url}`,
          'start it, if it is meant to run; its log is in DATA_DIR/logs',
        );
      }
    }),
  );
}

async function catalog(): Promise<readonly Finding[]> {
  const files = readdirSync(MIGRATIONS).filter((name) => name.endsWith('.sql'));
  const {
    applied,
    now,
    keys: count,
  } = await atDesk((desk) =>
    desk.system(async (sql) => {
      const known = await sql.query<{ name: string }>('SELECT name FROM schema_migrations');
      const time = await sql.query<{ now: Date }>('SELECT clock_timestamp() AS now');
      const good = await sql.query(
        'SELECT FROM api_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > NOW()) LIMIT 1',
      );
      return { applied: known.rows.map(({ name }) => name), now: time.rows[0]?.now.getTime() ?? 0, keys: good.count };
    }),
  );
  const waiting = files.filter((name) => !applied.includes(name));
  const newer = applied.filter((name) => !files.includes(name));
  return [
    waiting.length > 0
      ? fail('migrations', `${waiting.length} wait, ${waiting[0]} first`, 'breakwater migrate')
      : newer.length > 0
        ? fail('migrations', `the catalog holds ${newer[0]}, which this release does not know`, 'run the newer release')
        : ok('migrations', `all ${files.length} of the catalog are applied`),
    clockFinding('catalog', now),
    count > 0
      ? ok('keys', 'there is a good API key')
      : warn('keys', 'there is no good API key', 'breakwater keys create --name first --role admin'),
  ];
}

function clockFinding(of: string, theirs: number): Finding {
  const apart = Math.abs(theirs - systemClock().now());
  const detail = `${of} and this machine are ${apart} ms apart`;
  if (apart > CLOCK_MS_MAX)
    return fail('clocks', detail, 'set the clocks by NTP: beyond 30 s a decision API is not ready');
  return apart > CLOCK_MS_WARN ? warn('clocks', detail, 'set the clocks by NTP') : ok('clocks', detail);
}

async function warehouse(config: Config): Promise<readonly Finding[]> {
  const opened = await openWarehouse(warehouseUrl(config));
  try {
    const [row] = await opened.query<{ now: string; version: string; tables: string }>(
      "SELECT toUnixTimestamp64Milli(now64(3)) AS now, version() AS version, (SELECT count() FROM system.tables WHERE database = 'breakwater') AS tables",
    );
    const tables = Number(row?.tables ?? 0);
    return [
      tables > 0
        ? ok('warehouse', `ClickHouse ${row?.version}, ${tables} tables and views`)
        : fail('warehouse', 'it has no tables', 'breakwater migrate'),
      clockFinding('warehouse', Number(row?.now ?? 0)),
    ];
  } finally {
    await opened.close();
  }
}

/** Looking must not make what is not there. */
function notMade(name: string, url: string | null, { dataDir }: Config, folder: string): readonly Finding[] | null {
  if (url !== null || existsSync(join(dataDir, folder))) return null;
  return [warn(name, `${join(dataDir, folder)} is not there yet`, 'breakwater up makes it')];
}

async function topics(config: Config): Promise<readonly Finding[]> {
  const none = notMade('event log', config.eventLogUrl, config, 'log');
  if (none !== null) return none;
  const found = await describeTopics(config, systemClock());
  const differences = compareTopics(topicSpecs(config), found, config.replication);
  if (differences.length === 0) return [ok('event log', `${found.length} topics as configured`)];
  return differences.map(({ topic, what, mend }) => fail('event log', `${topic} ${what}`, mend));
}

async function store(config: Config): Promise<readonly Finding[]> {
  const none = notMade('state store', config.stateStoreUrl, config, 'state');
  if (none !== null) return none;
  const opened = await openStateStore(config, systemClock());
  try {
    await opened.read(['doctor']);
    return [ok('state store', config.stateStoreUrl === null ? 'LMDB answers' : 'Redis answers')];
  } finally {
    await opened.close();
  }
}

/** What processes on several machines must share, and whether the admin's key is kept from others. */
async function keys(config: Config): Promise<readonly Finding[]> {
  const { dataDir } = config;
  const secrets = secretsOf(config);
  try {
    const open = (statSync(join(dataDir, 'admin-key')).mode & 0o077) !== 0;
    return open
      ? [secrets, fail('keys', 'admin-key can be read by others', `chmod 600 ${join(dataDir, 'admin-key')}`)]
      : [secrets];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [secrets];
    throw error;
  }
}

function secretsOf({ eventLogUrl, stateStoreUrl, pepper, tokenKeys, secretsFile }: Config): Finding {
  if (secretsFile !== null) {
    try {
      readSecrets(secretsFile);
      return ok('keys', 'SECRETS_FILE holds token keys and a pepper');
    } catch (error) {
      return fail(
        'keys',
        (error as Error).message,
        'give every machine the same file, as `breakwater keys rotate` keeps it',
      );
    }
  }
  if (eventLogUrl === null && stateStoreUrl === null) return ok('keys', 'one machine keeps its own secrets');
  const missing = [pepper === null ? 'PEPPER' : null, tokenKeys === null ? 'TOKEN_KEYS' : null].filter(
    (name) => name !== null,
  );
  return missing.length > 0
    ? fail('keys', `${missing.join(' and ')} are not set beside shared engines`, 'export them alike on all machines')
    : ok('keys', 'PEPPER and TOKEN_KEYS are set');
}
