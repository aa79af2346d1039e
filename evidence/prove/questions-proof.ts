import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { runSql } from '../../cli/sql.ts';
import { openWarehouse } from '../../engines/open.ts';
import { type RawLog, readLogFile } from '../audit/read-log.ts';
import { RunCopy } from './copy.ts';
import { makeRun } from './make-run.ts';
import type { ProofOptions, Tally } from './proof.ts';
import { type Answer, type Planted, recountQuestions } from './questions-recount.ts';
import { plainFacts } from './reports-facts.ts';

const EXPERIMENT = 9;
const CREDIT = 8;

/** Each question of docs/ten-questions.md, through `breakwater sql`, against a recount of the log. */
export async function proveQuestions(options: ProofOptions): Promise<Tally> {
  const { say } = options;
  const temporary = mkdtempSync(join(tmpdir(), 'breakwater-prove-questions-'));
  const dir = options.dir ?? (await makeRun(join(temporary, 'run'), say));
  const copy = await RunCopy.of(dir);
  try {
    const log = await readLogFile(dir);
    const planted = await plantConversions(copy.warehouseUrl, log, say);
    const wanted = recountQuestions(log, planted);
    let failed = 0;
    for (const [index, { title, sql }] of readQuestions().entries()) {
      const said = await answerTo(sql, copy.warehouseUrl);
      const found = typeof said === 'string' ? [] : said;
      const difference = typeof said === 'string' ? said : differenceOf(found, wanted[index] ?? []);
      const none = found.length === 0 ? (index === EXPERIMENT ? ' (no experiment ran)' : ' (nothing to count)') : '';
      if (difference === null) say(`ok    ${title}: ${found.length} rows${none}`);
      else say(`FAIL  ${title}: ${difference}`);
      const idle = found.length === 0 && index !== EXPERIMENT;
      if (difference !== null || idle) failed++;
    }
    return { passed: wanted.length - failed, failed };
  } finally {
    await copy.close();
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** The demo's viewers buy nothing: each fifth of those who saw an ad converts, in the copy of its warehouse. */
async function plantConversions(url: string, log: RawLog, say: (line: string) => void): Promise<readonly Planted[]> {
  const seen = plainFacts(log, (at) => at).beacons.filter(({ event, billable }) => event === 'impression' && billable);
  const last = seen.reduce((newest, { at }) => Math.max(newest, at), 0);
  const planted = seen
    .filter((_, index) => index % 5 === 0)
    .map(({ viewer, of }, index) => ({
      // Every third is a user who saw it on a device that nobody had signed in to.
      viewer: index % 3 === 0 ? `user ${index}` : viewer,
      device: viewer,
      advertiser: String(of.advertiser),
      at: last + 1_000 + index,
      value: 1_000_000 + index,
    }));
  const warehouse = await openWarehouse(url);
  for (let from = 0; from < planted.length; from += 500) {
    const some = planted.slice(from, from + 500);
    await warehouse.run(
      `INSERT INTO breakwater.conversions (topic, source_partition, offset, appended_at, received_at, minute, occurred_at, conversion_id, viewer, advertiser, type, value_micros, identities)
       SELECT 'conversions', 9999, c.1, at, at, toStartOfMinute(at), at, toString(c.1), c.2, c.3, 'sale', c.5, map('device', c.6)
       FROM (SELECT arrayJoin(arrayZip({n:Array(UInt32)}, {viewer:Array(String)}, {advertiser:Array(UUID)}, {at:Array(Int64)}, {value:Array(Int64)}, {device:Array(String)})) AS c, fromUnixTimestamp64Milli(c.4, 'UTC') AS at)`,
      {
        n: some.map((_, index) => from + index),
        viewer: some.map((one) => one.viewer),
        device: some.map((one) => one.device),
        advertiser: some.map((one) => one.advertiser),
        at: some.map((one) => one.at),
        value: some.map((one) => one.value),
      },
    );
  }
  await warehouse.close();
  say(`the demo has no conversions: ${planted.length} are planted for question ${CREDIT + 1}`);
  return planted;
}

interface Question {
  readonly title: string;
  readonly sql: string;
}

function readQuestions(): readonly Question[] {
  const page = readFileSync(new URL('../../docs/ten-questions.md', import.meta.url), 'utf8');
  return [...page.matchAll(/^## (\d+\. .+)$[\s\S]*?^```sql\n([\s\S]*?)^```$/gm)].map(([, title = '', sql = '']) => ({
    title,
    sql,
  }));
}

/** Rows, or why there are none. */
async function answerTo(sql: string, url: string): Promise<Answer | string> {
  const chunks: string[] = [];
  const stream = () => new Writable({ write: (chunk, _encoding, done) => done(void chunks.push(String(chunk))) });
  const code = await runSql({ url, sql, format: 'json', out: stream(), err: stream() });
  if (code !== 0) return `breakwater sql answers ${code}: ${chunks.join('')}`;
  return JSON.parse(chunks.join(''));
}

/** 64-bit numbers are text in the answer. Null: equal, whatever the order. */
function differenceOf(found: Answer, wanted: Answer): string | null {
  const plain = (rows: Answer) =>
    rows
      .map((row) =>
        JSON.stringify(
          Object.entries(row)
            .map(([name, value]) => [name, /^-?\d+$/.test(String(value)) ? Number(value) : value])
            .sort(),
        ),
      )
      .sort();
  const [a, b] = [plain(found), plain(wanted)];
  const at = a.findIndex((row, index) => row !== b[index]);
  if (at < 0 && a.length === b.length) return null;
  const place = at < 0 ? a.length : at;
  return `${a[place]} instead of ${b[place]}; ${a.length} rows, recounted ${b.length}`;
}
