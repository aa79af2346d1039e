import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPool } from './catalog/postgres-client.ts';
import { readConfig, readServingConfig } from './config.ts';
import { readEndpoints } from './endpoints.ts';
import { parseKafkaUrl } from './event-log/kafka-url.ts';
import { readSecrets } from './secrets.ts';
import { parseRedisUrl } from './state-store/redis-url.ts';
import { openClickHouse } from './warehouse/clickhouse-warehouse.ts';
import { openReportReader } from './warehouse/report-reader.ts';

const MARK = 'hunter2';

/** Each is wrong for some settings; those that take any text take them. */
const wrongValues = [
  MARK,
  `clickhouse://bw:${MARK}@ch:9000`,
  `redis+sentinel://:${MARK}@store:26379`,
  `https//bw:${MARK}@host`,
  `k1:${MARK},k2:${'s'.repeat(32)}`,
  `${'s'.repeat(40)},${MARK}`,
];

/** The variables that are read, by reading them. */
function settingNames(): readonly string[] {
  const names = new Set<string>();
  readConfig(
    new Proxy({}, { get: (_, name) => (typeof name === 'string' ? void names.add(name) : undefined) }) as Record<
      string,
      string
    >,
  );
  return [...names];
}

/** All that anybody can print of what `run` throws, causes and properties included; empty: nothing was thrown. */
async function toldBy(run: () => unknown): Promise<string> {
  try {
    await run();
    return '';
  } catch (error) {
    return inspect(error, { depth: 10, showHidden: true });
  }
}

describe('a setting that is wrong is told without its value', () => {
  it.each(settingNames())('%s', async (name) => {
    for (const value of wrongValues) {
      for (const read of [readConfig, readServingConfig])
        expect(await toldBy(() => read({ [name]: value })), `${name}=${value}`).not.toContain(MARK);
    }
  });

  const urls = ['EVENT_LOG', 'STATE_STORE', 'WAREHOUSE', 'REPORTS_WAREHOUSE', 'CATALOG', 'CATALOG_REPLICA'];
  const others = [
    'PEPPER',
    'PEPPER_BEFORE',
    'TOKEN_KEYS',
    'MEDIA_STORE',
    'MEDIA_URL',
    'MANAGEMENT_URL',
    'WEBHOOK_HOSTS',
  ];
  it.each([...urls, ...others])('%s is told by its name and what is expected', async (name) => {
    expect(await toldBy(() => readConfig({ [name]: MARK }))).toContain(`${name}: expected `);
  });

  it('and a URL also by the scheme that nobody takes', async () => {
    expect(await toldBy(() => readConfig({ WAREHOUSE: `clickhouse://bw:${MARK}@ch:9000` }))).toContain(
      'WAREHOUSE: expected a URL beginning with http:// or https://, not with clickhouse:// (',
    );
  });
});

describe('a URL that its engine cannot read is told without its password', () => {
  const pool = (url: string) => async () => {
    const opened = openPool(url, 1, 500);
    try {
      await opened.query('SELECT 1');
    } finally {
      await opened.end();
    }
  };
  it.each<readonly [string, () => unknown]>([
    ['Kafka, a ? in the password', () => parseKafkaUrl(`kafka://user:pa?${MARK}@host`)],
    ['Kafka, a number before the ?', () => parseKafkaUrl(`kafka://user:12?${MARK}@host`)],
    ['Kafka, as if it were a parameter', () => parseKafkaUrl(`kafka://user:12?sasl=plain&sasl=${MARK}@host`)],
    ['Kafka, an unknown parameter', () => parseKafkaUrl(`kafka://host?${MARK}=1`)],
    ['Kafka, an @ in the password', () => parseKafkaUrl(`kafka://user:pa@${MARK}@host`)],
    ['Kafka, a / in the password', () => parseKafkaUrl(`kafka://user:pa/${MARK}@host`)],
    ['Kafka, a password without a user', () => parseKafkaUrl(`kafka://user:${MARK}`)],
    ['Kafka, a % in the password', () => parseKafkaUrl(`kafka://user:%${MARK}@host`)],
    ['Redis, a scheme of others', () => parseRedisUrl(`redis+sentinel://:${MARK}@host:1`)],
    ['Redis, an @ in the password', () => parseRedisUrl(`redis://:pa@${MARK}@host:1`)],
    ['Redis, a / in the password', () => parseRedisUrl(`redis://:pa/${MARK}@host:1`)],
    ['Redis, a % in the password', () => parseRedisUrl(`redis://:%${MARK}@host:1`)],
    ['Redis, a password without a user', () => parseRedisUrl(`redis://user:${MARK}`)],
    ['ClickHouse, a ? in the password', () => openClickHouse({ url: `http://user:12?${MARK}@host` })],
    ['ClickHouse, as if it were a parameter', () => openClickHouse({ url: `http://u:1?log_level=${MARK}@host` })],
    ['ClickHouse, no port', () => openClickHouse({ url: `http://user:${MARK}?@host` })],
    ['ClickHouse, for reports', () => openReportReader({ url: `http://user:12?${MARK}@host` })],
    ['PostgreSQL, a ? in the password', pool(`postgres://user:pa?${MARK}@host/db`)],
    ['PostgreSQL, no port', pool(`postgres://user:${MARK}@host:port/db`)],
  ])('%s', async (_, run) => {
    const told = await toldBy(run);
    expect(told).not.toBe('');
    expect(told).not.toContain(MARK);
  });
});

describe('a file with secrets that cannot be read is told without what it holds', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'breakwater-untold-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it.each([MARK, `{"pepper":"${MARK}",`, `{"pepper":"${MARK}"}`, `"${MARK}"`])('%s', async (text) => {
    writeFileSync(join(folder, 'secrets.json'), text);
    const told = await toldBy(() => readSecrets(join(folder, 'secrets.json')));
    expect(told).toContain('holds no secrets');
    expect(told).not.toContain(MARK);
  });

  it('nor is the password in endpoints.json', async () => {
    writeFileSync(join(folder, 'endpoints.json'), `{"catalog":"postgres://u:${MARK}@h/db"`);
    const cut = await toldBy(() => readEndpoints(folder));
    writeFileSync(join(folder, 'endpoints.json'), MARK);
    for (const told of [cut, await toldBy(() => readEndpoints(folder))]) {
      expect(told).toContain('is not JSON');
      expect(told).not.toContain(MARK);
    }
  });
});
