import { homedir } from 'node:os';
import { join } from 'node:path';
import { EngineError } from './errors.ts';
import { type ManagementSettings, managementSettings, type Readers } from './management-settings.ts';
import { type ServingSettings, servingSettings } from './serving-settings.ts';

/** A feature flag: the share of viewers for whom it is on, 0 to 100. */
export type Percentage = number;

/** Everything a process needs to know, read once from the environment. Durations in ms. */
export interface Config extends ManagementSettings, ServingSettings {
  /** Where embedded engines keep their files. */
  readonly dataDir: string;
  /** `null` means embedded under `dataDir`. */
  readonly eventLogUrl: string | null;
  readonly stateStoreUrl: string | null;
  readonly warehouseUrl: string | null;
  readonly catalogUrl: string | null;
  /** The same warehouse as a user who only reads, for reports; null: as `warehouseUrl`. */
  readonly reportsWarehouseUrl: string | null;
  /** A read replica of the catalog, for reads that may be a little old; null: all go to `catalogUrl`. */
  readonly catalogReplicaUrl: string | null;
  readonly host: string;
  /** Null: the usual one, else a free one. 0: a free one. Either is kept in the data folder. */
  readonly port: number | null;
  /** Which one it is where several processes with the same work share a data folder; from 1. */
  readonly instance: number;
  /** 0: a free port. Health and metrics of workers. */
  readonly workerPort: number;
  /** As `port`. The management API, its health and metrics. */
  readonly managementPort: number | null;
  /** How tracking URLs begin; null: http://host:port. */
  readonly publicUrl: string | null;
  /** Of topics that are made. Those that are there keep theirs: `breakwater topics grow`. */
  readonly partitions: number;
  /** Copies of each partition on Kafka; null: as EVENT_LOG or the cluster says. */
  readonly replication: number | null;
  readonly tokenLifeMs: number;
  readonly clickTokenLifeMs: number;
  readonly logClockMarginMs: number;
  /** A member of a group that is silent this long loses its partitions; null: what the EVENT_LOG URL says, else 30 s. Kafka only. */
  readonly sessionTimeoutMs: number | null;
  /** A partition quiet for this long gets a tick. */
  readonly tickAfterMs: number;
  /** On Kafka: how much the journal of a decision API holds at most, and what it leaves free on the disk. */
  readonly journalBytes: number;
  readonly journalDiskFreeBytes: number;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug';
  /** Key id -> secret for tracking tokens; the first signs, all verify. Null: made and kept in the data folder. */
  readonly tokenKeys: readonly { readonly id: string; readonly secret: string }[] | null;
  /** HMAC key for identifiers. Null: made and kept in the data folder. */
  readonly pepper: string | null;
  /** A MaxMind file (.mmdb) that says where addresses are; null: places come from requests alone. */
  readonly geoipFile: string | null;
  /** `true`: where a request has no address, the caller's own is the viewer's. Not behind a proxy or a stitcher. */
  readonly geoipPeer: boolean;
  /** `false`: decisions ignore campaign signals. */
  readonly signals: boolean;
  readonly features: { readonly targeting: Percentage; readonly frequency: Percentage; readonly pods: Percentage };
  /** Virtual mode: the seed of all ids, and where the clock starts (epoch ms); null: real time. */
  readonly virtual: { readonly seed: number; readonly startMs: number } | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * As `readConfig`, for a process that may be one of several: on real engines these have to sign and pseudonymise alike,
 * so TOKEN_KEYS and PEPPER must be set there.
 */
export function readServingConfig(environment: Environment = process.env): Config {
  return readConfig(environment, { shared: true });
}

/**
 * Reads the environment. Every problem is reported at once, by variable and what is expected: EngineError `misconfigured`. No
 * value is repeated: it may be a secret, or a URL with a password, and what is told ends up in logs.
 */
export function readConfig(environment: Environment = process.env, { shared = false } = {}): Config {
  const problems: string[] = [];
  const { text, read, url, size } = readersOf(environment, problems);
  const duration = (name: string, fallback: string) =>
    read(name, parseDuration(fallback) as number, 'a duration such as 500ms, 4s, 15m, 24h or 7d', parseDuration);
  const whole = <N extends number | null>(name: string, fallback: N, min: number, max: number) =>
    read<number | N>(name, fallback, `a whole number from ${min} to ${max}`, (value) =>
      /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max ? Number(value) : undefined,
    );
  const feature = (name: string) => read(name, 100, 'true, false or a percentage from 0 to 100', parsePercentage);

  const seed = whole('VIRTUAL_SEED', -1, 0, 2 ** 31 - 1);
  const config: Config = {
    dataDir: text('DATA_DIR') ?? 'data',
    eventLogUrl: url('EVENT_LOG', 'kafka://', 'kafka+ssl://'),
    stateStoreUrl: url('STATE_STORE', 'redis://', 'rediss://', 'redis+cluster://', 'rediss+cluster://'),
    warehouseUrl: url('WAREHOUSE', 'http://', 'https://'),
    reportsWarehouseUrl: url('REPORTS_WAREHOUSE', 'http://', 'https://'),
    catalogUrl: url('CATALOG', 'postgres://', 'postgresql://'),
    catalogReplicaUrl: url('CATALOG_REPLICA', 'postgres://', 'postgresql://'),
    host: text('HOST') ?? '127.0.0.1',
    port: whole('PORT', null, 0, 65535),
    instance: whole('INSTANCE', 1, 1, 999),
    workerPort: whole('WORKER_PORT', 0, 0, 65535),
    managementPort: whole('MANAGEMENT_PORT', null, 0, 65535),
    ...managementSettings({ text, read, url, size }),
    ...servingSettings({ text, read }),
    publicUrl: url('PUBLIC_URL', 'http://', 'https://'),
    partitions: whole('PARTITIONS', 24, 1, 1024),
    replication: read('REPLICATION', null, 'a whole number from 1 to 15', (value) =>
      /^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= 15 ? Number(value) : undefined,
    ),
    tokenLifeMs: duration('TOKEN_LIFE', '15m'),
    clickTokenLifeMs: duration('CLICK_TOKEN_LIFE', '5m'),
    logClockMarginMs: duration('LOG_CLOCK_MARGIN', text('EVENT_LOG') ? '60s' : '0s'),
    sessionTimeoutMs: read('SESSION_TIMEOUT', null, 'a duration from 6s to 5m', parseSessionTimeout),
    tickAfterMs: duration('TICK_AFTER', '5s'),
    journalBytes: size('JOURNAL_MAX', '1GiB'),
    journalDiskFreeBytes: size('JOURNAL_DISK_FREE', '256MiB'),
    logLevel: read('LOG_LEVEL', 'info', 'fatal, error, warn, info or debug', parseLevel),
    tokenKeys: read(
      'TOKEN_KEYS',
      null,
      'id:secret pairs with commas between, secrets of 32 characters or more',
      parseKeys,
    ),
    pepper: read('PEPPER', null, '32 characters or more', (value) => (value.length >= 32 ? value : undefined)),
    geoipFile: text('GEOIP_FILE'),
    geoipPeer: read('GEOIP_PEER', false, 'on or off', (value) => ({ on: true, off: false })[value]),
    signals: read('SIGNALS', true, 'on or off', (value) => ({ on: true, off: false })[value]),
    features: {
      targeting: feature('ENABLE_TARGETING'),
      frequency: feature('ENABLE_FREQUENCY_CAP'),
      pods: feature('ENABLE_POD_ASSEMBLY'),
    },
    virtual: seed < 0 ? null : { seed, startMs: whole('VIRTUAL_START', Date.UTC(2026, 0, 5, 17, 59, 45), 0, 8.64e15) },
  };
  if (config.clickTokenLifeMs > config.tokenLifeMs) {
    problems.push('CLICK_TOKEN_LIFE: expected at most TOKEN_LIFE, because money closes with the longest token');
  }
  problems.push(...doubledSecrets(config), ...(shared ? missingSecrets(config) : []));
  if (problems.length > 0) throw new EngineError('misconfigured', problems.join('; '));
  return config;
}

/** What they cannot read they add to `problems`. */
function readersOf(environment: Environment, problems: string[]): Readers {
  const text = (name: string): string | null => environment[name]?.trim() || null;
  const read: Readers['read'] = (name, fallback, expected, parse) => {
    const value = text(name);
    if (value === null) return fallback;
    const parsed = parse(value);
    if (parsed !== undefined) return parsed;
    problems.push(`${name}: expected ${typeof expected === 'string' ? expected : expected(value)}`);
    return fallback;
  };
  return {
    text,
    read,
    size: (name, fallback) => read(name, parseSize(fallback) as number, 'a size such as 64MiB or 2GiB', parseSize),
    url: (name, ...schemes) =>
      read<string | null>(
        name,
        null,
        (value) => `a URL beginning with ${schemes.join(' or ')}${schemeOf(value)}`,
        (value) => (schemes.some((scheme) => value.startsWith(scheme)) ? value : undefined),
      ),
  };
}

/** How a URL begins that is not taken: all of it that can be told. */
function schemeOf(value: string): string {
  const [scheme] = /^[a-z][a-z0-9+]{0,20}:\/\//i.exec(value) ?? [];
  return scheme === undefined ? '' : `, not with ${scheme}`;
}

function doubledSecrets({ secretsFile, tokenKeys, pepper }: Config): readonly string[] {
  if (secretsFile === null || (tokenKeys === null && pepper === null)) return [];
  return ['SECRETS_FILE: expected it, or TOKEN_KEYS and PEPPER, and not both'];
}

/** What processes on several machines cannot each make for themselves. */
function missingSecrets({ eventLogUrl, stateStoreUrl, pepper, tokenKeys, secretsFile }: Config): readonly string[] {
  const real = [eventLogUrl && 'EVENT_LOG', stateStoreUrl && 'STATE_STORE'].filter((name) => name !== null);
  if (real.length === 0 || secretsFile !== null) return [];
  const why = `${real.join(' and ')} can be shared by several machines, and all of them need the same`;
  const missing: string[] = [];
  if (pepper === null) missing.push(`PEPPER: ${why}; export PEPPER=$(openssl rand -hex 32)`);
  if (tokenKeys === null) missing.push(`TOKEN_KEYS: ${why}; export TOKEN_KEYS=k1:$(openssl rand -hex 32)`);
  return missing;
}

/** Where software that is fetched is kept for every project of this user: BREAKWATER_CACHE, else ~/.cache/breakwater. */
export function cacheFolder(environment: Environment = process.env): string {
  const caches = environment.XDG_CACHE_HOME || join(homedir(), '.cache');
  return environment.BREAKWATER_CACHE || join(caches, 'breakwater');
}

/** How many cases a proof draws for each property; null: not set. */
export function propertyRuns(environment: Environment = process.env): string | null {
  return environment.FC_RUNS?.trim() || null;
}

/** What the operator says to Node. */
export function nodeOptions(environment: Environment = process.env): string {
  return environment.NODE_OPTIONS ?? '';
}

/** What cannot be had is a failure there, never left out. */
export function isContinuousIntegration(environment: Environment = process.env): boolean {
  return environment.CI === 'true';
}

/** The servers that tests can be given, by the variables that name them. */
export const testServers = ['TEST_KAFKA_URL', 'TEST_REDIS_URL', 'TEST_POSTGRES_URL', 'TEST_CLICKHOUSE_URL'] as const;

/** A server that was given to the tests; null: each suite starts its own. */
export function testServer(name: (typeof testServers)[number], environment: Environment = process.env): string | null {
  return environment[name]?.trim() || null;
}

/** The browser that tests are to drive: CHROMIUM; null: the system's. */
export function testBrowser(environment: Environment = process.env): string | null {
  return environment.CHROMIUM?.trim() || null;
}

/** This process's environment with `settings` over it: what a child process or a second configuration reads. */
export function environmentWith(settings: Environment): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...process.env, ...settings })) {
    if (value !== undefined) merged[name] = value;
  }
  return merged;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "4s" -> 4000. Undefined when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text);
  return match ? Number(match[1]) * (units[match[2] as string] as number) : undefined;
}

/** "64MiB" -> 67108864. Undefined when it is not a size. */
function parseSize(text: string): number | undefined {
  const match = /^(\d{1,6})(KiB|MiB|GiB)$/.exec(text);
  return match ? Number(match[1]) * 1024 ** (['KiB', 'MiB', 'GiB'].indexOf(match[2] as string) + 1) : undefined;
}

function parsePercentage(text: string): Percentage | undefined {
  if (text === 'true') return 100;
  if (text === 'false') return 0;
  const match = /^(\d{1,3}(?:\.\d+)?)%?$/.exec(text);
  return match && Number(match[1]) <= 100 ? Number(match[1]) : undefined;
}

/** Within what brokers grant by default. */
function parseSessionTimeout(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= 6_000 && ms <= 300_000 ? ms : undefined;
}

function parseLevel(text: string): Config['logLevel'] | undefined {
  return (['fatal', 'error', 'warn', 'info', 'debug'] as const).find((level) => level === text);
}

function parseKeys(text: string): Config['tokenKeys'] | undefined {
  const keys = text.split(',').map((pair) => /^([A-Za-z0-9]{1,8}):(.{32,})$/.exec(pair));
  return keys.every((key) => key !== null)
    ? keys.map((key) => ({ id: key[1] as string, secret: key[2] as string }))
    : undefined;
}
