import { type Answered, ask, closeAgent, type Sent, told } from './api/ask.ts';
import { broken, huge } from './api/broken.ts';
import { type Operation, operationsOf } from './api/document.ts';
import { type Draw, drawFrom } from './api/draw.ts';
import { type ForeignCounts, tryForeign, tryReferences } from './api/foreign.ts';
import { type ApiHouse, startApiHouse } from './api/house.ts';
import { Lawful } from './api/lawful.ts';
import { kindOf, Pool } from './api/pool.ts';
import { MARK, populate } from './api/populate.ts';
import { Values } from './api/values.ts';
import { speakJunk } from './api/wire.ts';
import type { ProofOptions, Tally } from './proof.ts';

const AT_ONCE = 6;
/** Logins and their like have a limit of their own, small on purpose. */
const limited = /\/(login|register|password|refresh|logout)$/;

interface Counts {
  lawful: number;
  lawfulDone: number;
  broken: number;
  done: number;
  refused: number;
  readonly faults: string[];
  readonly byOperation: Map<string, { done: number; refused: number }>;
}

/** Requests made from the OpenAPI document, lawful and broken, against a management API on real engines. */
export async function proveApi({ runs, say }: Pick<ProofOptions, 'runs' | 'say'>, seed = 1): Promise<Tally> {
  const house = await startApiHouse();
  try {
    return await prove(house, runs, seed, say);
  } finally {
    closeAgent();
    await house.stop();
  }
}

async function prove(house: ApiHouse, runs: number, seed: number, say: (line: string) => void): Promise<Tally> {
  const draw = drawFrom(seed);
  const [ours, theirs] = [await house.organisation('Ours'), await house.organisation('Theirs')];
  const [pool, foreign] = [new Pool(draw), new Pool(draw)];
  await populate(house.url, theirs.keys.admin, foreign, MARK);
  foreign.add('adjustments', await house.adjustment(theirs.id, foreign.any('campaigns')));
  await populate(house.url, ours.keys.admin, pool, 'ours');
  const before = await stateOf(house, theirs.keys.admin);
  const document = await ask(house.url, { method: 'GET', path: '/api/v2/openapi.json', headers: {}, body: null });
  const operations = operationsOf(JSON.parse(document.text));
  const values = new Values(draw, pool);
  const lawful = new Lawful(
    house.url,
    { key: ours.keys.admin, session: await sessionOf(house, ours.keys.admin) },
    draw,
    pool,
    values,
  );
  const counts = await generate({ house, operations, lawful, draw, runs });
  const foreignCounts: ForeignCounts = { attempts: 0, notFound: 0, scope: 0, references: 0 };
  await populate(house.url, ours.keys.admin, pool, `again${seed}`);
  const between = { url: house.url, keys: ours.keys, operations, theirs: foreign, values, draw };
  const crossed = [...(await tryForeign(between, foreignCounts)), ...(await tryReferences(between, foreignCounts))];
  const wire = await speakJunk(house.url, ours.keys.admin);
  const after = await stateOf(house, theirs.keys.admin);
  return report({ counts, crossed, foreignCounts, wire, same: before === after, house, operations, seed, say });
}

/** The access token of a new user. */
async function sessionOf({ url }: ApiHouse, key: string): Promise<string> {
  const user = { email: 'session@ours.example', name: 'Session', password: 'correct horse battery', role: 'manager' };
  const post = (path: string, body: object, headers: Record<string, string>) =>
    ask(url, {
      method: 'POST',
      path,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await post('/api/v2/users', user, { authorization: `Bearer ${key}` });
  const { text } = await post('/api/v2/auth/login', { email: user.email, password: user.password }, {});
  return String((JSON.parse(text) as { access_token: unknown }).access_token);
}

/** What the other organisation has, and the head of its audit: nothing of it may change. */
async function stateOf({ url }: ApiHouse, key: string): Promise<string> {
  const read = (path: string) =>
    ask(url, { method: 'GET', path, headers: { authorization: `Bearer ${key}` }, body: null });
  const answers = await Promise.all(
    ['/api/v2/campaigns/export', '/api/v2/audit/verify', '/api/v2/categories'].map(read),
  );
  return answers.map(({ status, text }) => `${status} ${text}`).join('\n');
}

interface Generation {
  readonly house: ApiHouse;
  readonly operations: readonly Operation[];
  readonly lawful: Lawful;
  readonly draw: Draw;
  readonly runs: number;
}

async function generate({ house, operations, lawful, draw, runs }: Generation): Promise<Counts> {
  const counts: Counts = {
    lawful: 0,
    lawfulDone: 0,
    broken: 0,
    done: 0,
    refused: 0,
    faults: [],
    byOperation: new Map(),
  };
  const usual = operations.filter(({ path }) => !limited.test(path));
  const rare = operations.filter(({ path }) => limited.test(path));
  let begun = 0;
  const one = async () => {
    while (begun < runs) {
      begun++;
      const operation = rare.length > 0 && draw.below(200) === 0 ? draw.of(rare) : draw.of(usual);
      const sent = await lawful.request(operation);
      const isBroken = draw.chance(50);
      const given = isBroken ? broken(sent, draw) : sent;
      const answer = await answerTo(house.url, given);
      note(counts, operation, given, answer, isBroken);
      if (!isBroken) lawful.learn(operation, given, answer);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  await sendHuge({ house, operations, lawful, draw, runs }, counts);
  return counts;
}

async function sendHuge({ house, operations, lawful }: Generation, counts: Counts): Promise<void> {
  const large = operations.find(({ method, path }) => method === 'PUT' && path.endsWith('/targeting'));
  if (!large) throw new Error('the document has no PUT of targeting');
  for (const sent of huge(await lawful.request(large))) {
    note(counts, large, sent, await answerTo(house.url, sent), true);
  }
}

/** What brings no answer at all counts as a fault of the server. */
async function answerTo(url: string, sent: Sent): Promise<Answered> {
  try {
    return await ask(url, sent);
  } catch (error) {
    // A server that refuses a large body may close before all of it was sent.
    const code = (error as NodeJS.ErrnoException).code;
    const status = (sent.body?.length ?? 0) > 1_000_000 && (code === 'EPIPE' || code === 'ECONNRESET') ? 413 : 599;
    const text = JSON.stringify({ status, title: (error as Error).message });
    return { status, type: 'application/problem+json', etag: null, text };
  }
}

function note(counts: Counts, operation: Operation, sent: Sent, answer: Answered, isBroken: boolean): void {
  const { status, text, type } = answer;
  const done = status >= 200 && status < 300;
  const name = `${operation.method} ${operation.path}`;
  const row = counts.byOperation.get(name) ?? { done: 0, refused: 0 };
  counts.byOperation.set(name, row);
  if (isBroken) counts.broken++;
  else {
    counts.lawful++;
    if (done) counts.lawfulDone++;
    if (done) row.done++;
    else row.refused++;
  }
  if (done) counts.done++;
  else if (status >= 400 && status < 500) counts.refused++;
  const fault = faultOf(status, text, type, sent);
  if (fault !== null) counts.faults.push(`${fault}: ${told(sent)} -> ${status} ${text.slice(0, 400)}`);
}

function faultOf(status: number, text: string, type: string, sent: Sent): string | null {
  if (status >= 500) return 'a fault of the server';
  if (text.includes(MARK)) return 'data of another organisation';
  if (status < 400 || sent.method === 'HEAD') return null;
  if (!type.startsWith('application/problem+json')) return 'a refusal that is no problem+json';
  return (JSON.parse(text) as { status?: unknown }).status === status ? null : 'a problem of another status';
}

interface Outcome {
  readonly counts: Counts;
  readonly crossed: readonly string[];
  readonly foreignCounts: ForeignCounts;
  readonly wire: readonly (number | null)[];
  /** The other organisation has what it had. */
  readonly same: boolean;
  readonly house: ApiHouse;
  readonly operations: readonly Operation[];
  readonly seed: number;
  readonly say: (line: string) => void;
}

function report({ counts, crossed, foreignCounts, wire, same, house, operations, seed, say }: Outcome): Tally {
  const never = operations.filter(
    ({ method, path }) => !limited.test(path) && (counts.byOperation.get(`${method} ${path}`)?.done ?? 0) === 0,
  );
  const share = counts.lawfulDone / Math.max(1, counts.lawful);
  const bad = wire.filter((status) => status !== null && status >= 500);
  const { attempts, notFound, scope, references } = foreignCounts;
  const kinds = new Set(operations.map(({ path }) => kindOf(path)).filter((kind) => kind !== null)).size;
  const lines: readonly (readonly [boolean, string, readonly string[]])[] = [
    [
      counts.faults.length === 0,
      `${counts.lawful + counts.broken} generated requests, ${counts.lawful} lawful and ${counts.broken} broken: ${counts.done} 2xx, ${counts.refused} 4xx, ${counts.faults.length} faults`,
      [...new Set(counts.faults)].slice(0, 10),
    ],
    [
      share >= 0.5 && counts.lawful > 0,
      `${(100 * share).toFixed(1)} % of the lawful ones were done; ${operations.length - never.length} of ${operations.length} operations at least once`,
      never.map(({ method, path }) => `never done: ${method} ${path}`),
    ],
    [
      crossed.length === 0 && attempts > 0,
      `${attempts} attempts on foreign ids of ${kinds} kinds by every role: ${notFound} not found, ${scope} without the scope, as for ids that never were; ${references} foreign references refused`,
      crossed.slice(0, 20),
    ],
    [same, 'the other organisation has what it had, its audit too', []],
    [
      bad.length === 0,
      `${wire.length} scripts of bytes that are no HTTP: ${wire.filter((status) => status !== null).length} answered, ${bad.length} with 5xx`,
      [],
    ],
    [house.faults().length === 0, 'the process logged no fault of its own', house.faults().slice(0, 5)],
  ];
  for (const [ok, line, more] of lines) {
    say(`${ok ? 'ok   ' : 'FAIL '} ${line}; seed ${seed}`);
    for (const each of more) say(`        ${each}`);
  }
  const failed = lines.filter(([ok]) => !ok).length;
  return { passed: lines.length - failed, failed };
}
