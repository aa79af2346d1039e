import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedisServer } from '../../engines/state-store/redis-fixture.ts';
import { adRequestBodies } from './decide-catalog.ts';
import { compare, median } from './interleave.ts';
import { openLoop, type Paced } from './open-loop.ts';
import { atLeast, atMost, type BenchOptions, micros, type Rows, range, told } from './rows.ts';
import { type BenchServer, calls, startServer } from './server.ts';

const callers = 16;
const warmUp = 6_000;
/** Blocks long enough that garbage is collected in each. */
const blockMs = 1_500;

/**
 * The whole decision over HTTP: a body in, records read from the real Redis, matched, solved, reserved there, the answer kept there,
 * the record in the embedded log, the answer out. The baseline is a bare Fastify that takes the same bodies and answers the same
 * answers. CPU is of the serving process with all its threads; Redis and the caller have theirs.
 */
export async function benchDecide({ say }: BenchOptions): Promise<Rows> {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-bench-'));
  await using redis = await startRedisServer();
  try {
    await using small = await startServer('decide-child.ts', ['10000', `${redis.url.replace(/\/\d+$/, '')}/0`], path);
    const bodies = bodiesInTurn();
    const answers = await answersOf(small, bodies);
    writeFileSync(join(folder, 'answers.json'), JSON.stringify(answers));
    await using echo = await startServer('decide-echo-child.ts', [join(folder, 'answers.json')], '/echo');
    const own = calls('decide', small, bodies, callers);
    const bare = calls('echo', echo, bodies, callers);
    // A server that has just begun runs code that is not compiled yet, and has more of it than the echo.
    for (const each of [bare, own]) await each.cpuMicros(warmUp);
    const found = await compare(bare, own, { rounds: 9, blockMs });
    const paced = await pacedRows(small, echo, bodies);
    const answered = judgeAnswers([...answers, ...(await answersOf(small, bodies))]);
    say(`  ${Object.values(answered).map(({ detail }) => detail)}`);
    await using large = await startServer('decide-child.ts', ['100000', `${redis.url.replace(/\/\d+$/, '')}/1`], path);
    const many = calls('decide_100k', large, bodies, callers);
    await many.cpuMicros(warmUp);
    const more = await compare(own, many, { rounds: 9, blockMs });
    const { decide, echo: bareMicros } = found.micros;
    return {
      decide_10k_throughput_over_echo_percent: atLeast(
        100 * found.ratio,
        45,
        65,
        `decision ${micros(decide)}, echo ${micros(bareMicros)} of CPU; ${range(found.ratios)}`,
      ),
      decide_100k_throughput_over_10k_percent: atLeast(
        100 * more.ratio,
        65,
        80,
        `10,000: ${micros(more.micros.decide)}, 100,000: ${micros(more.micros.decide_100k)}; ${range(more.ratios)}`,
      ),
      ...paced,
      ...answered,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const path = '/api/v2/ad-request';

/** Every body is another request: none is answered from what was kept. */
function bodiesInTurn(): () => string {
  let seed = 0;
  let block: string[] = [];
  return () => {
    if (block.length === 0) block = adRequestBodies(2_000, ++seed);
    return block.pop() as string;
  };
}

async function answersOf(server: BenchServer, bodies: () => string): Promise<string[]> {
  const answers: string[] = [];
  for (let at = 0; at < 300; at++) answers.push(await server.post(bodies()));
  return answers;
}

/** What was asked and answered: a pod without an ad costs less than what is meant to be measured. */
export function judgeAnswers(answers: readonly string[]): Rows {
  const ads = answers.map((each) => (JSON.parse(each) as { pod: { ads: unknown[] } }).pod.ads.length);
  const bytes = median(answers.map(({ length }) => length));
  const mean = ads.reduce((sum, each) => sum + each, 0) / ads.length;
  const detail = `${mean.toPrecision(3)} ads in a pod, ${bytes} bytes in an answer (median); ${ads.length} answers before and after`;
  const filled = ads.filter((count) => count > 0).length;
  return { decide_answers_with_an_ad_percent: atLeast((100 * filled) / ads.length, 50, 90, detail) };
}

/**
 * Open loop, in alternating stretches, at the highest rate at which the caller keeps its own schedule: a caller that shares its
 * cores with the server and falls behind would measure itself.
 */
async function pacedRows(server: BenchServer, echo: BenchServer, bodies: () => string): Promise<Rows> {
  const found = await honestRate((rate) => openLoop((body) => server.post(body), bodies, rate, stretchMs));
  const { rate } = found;
  const ours: Paced[] = [];
  const theirs: Paced[] = [];
  for (let round = 0; round < 5; round++) {
    const [one, other] = round % 2 === 0 ? [server, echo] : [echo, server];
    const first = await openLoop((body) => one.post(body), bodies, rate, stretchMs);
    const second = await openLoop((body) => other.post(body), bodies, rate, stretchMs);
    const [decided, echoed] = round % 2 === 0 ? [first, second] : [second, first];
    ours.push(decided);
    theirs.push(echoed);
  }
  return judgePaced(found, ours, theirs);
}

/** The floor is one at 1,000 requests a second: what holds at less does not reach it. */
export function judgePaced({ rate, kept }: HonestRate, ours: readonly Paced[], theirs: readonly Paced[]): Rows {
  const ratios = ours.map(({ p95Ms }, round) => p95Ms / (theirs[round]?.p95Ms ?? Number.NaN)).sort((a, b) => a - b);
  const of = (all: readonly Paced[], what: keyof Paced) => median(all.map((each) => each[what]));
  const late = Math.max(of(ours, 'lateP95Ms'), of(theirs, 'lateP95Ms'));
  const short = rate < rates[0] ? `, for caller and server on these cores do not keep up ${rates[0]}/s` : '';
  const detail = [
    `at ${rate} requests/s${short}${kept ? '' : `, nor ${rate}/s`}`,
    `decisions ${of(ours, 'p95Ms').toPrecision(3)} ms, echo ${of(theirs, 'p95Ms').toPrecision(3)} ms`,
    `the caller was ${late.toPrecision(2)} ms late (p95)`,
    range(ratios),
  ].join('; ');
  const row = atMost(median(ratios), 2, 1.25, detail);
  return {
    decide_p95_over_echo: { ...row, ok: row.ok && kept && rate >= rates[0] },
    decide_p95_ms: told(of(ours, 'p95Ms'), `at ${rate} requests/s, of the plan's 50 ms`),
  };
}

const rates = [1_000, 500, 250, 100] as const;
const stretchMs = 2_000;

export interface HonestRate {
  readonly rate: number;
  /** False: not even this, the lowest one, did the caller keep. */
  readonly kept: boolean;
}

/** The highest of the rates that the caller keeps. */
export async function honestRate(measure: (ratePerSecond: number) => Promise<Paced>): Promise<HonestRate> {
  for (const rate of rates) {
    const { sentPerSecond, lateP95Ms } = await measure(rate);
    if (sentPerSecond >= 0.97 * rate && lateP95Ms <= 5) return { rate, kept: true };
  }
  return { rate: rates[rates.length - 1] ?? 100, kept: false };
}
