import type { AdRequestBody } from './ad-request.ts';
import { bidRequestOf } from './bid-request.ts';
import type { Dialect } from './call.ts';
import { queryOf } from './query.ts';
import type { Dice } from './random.ts';

/** A request as it goes over the wire: what a sound player would say in JSON, in the words of a dialect. */
export interface Asked {
  readonly method: 'GET' | 'POST';
  /** With the query, behind the server's address. */
  readonly path: string;
  readonly accept: string | null;
  readonly body: unknown;
  readonly payload: Buffer | null;
  readonly seconds: number;
}

/** How much of the traffic each makes. */
const SHARES: readonly { readonly value: Dialect; readonly weight: number }[] = [
  { value: 'json', weight: 42 },
  { value: 'vast', weight: 24 },
  { value: 'openrtb', weight: 16 },
  { value: 'asset-list', weight: 10 },
  { value: 'vmap', weight: 8 },
];
const VERSIONS: readonly [string, ...string[]] = ['4.2', '4.2', '4.2', '4.1', '4.0', '4.3', '3.0', '2.0'];
/** How many use the body of JSON where there are parameters too. */
const BY_BODY = 0.2;

/** One of the dialects that are spoken. */
export function drawDialect(dice: Dice, spoken: readonly Dialect[]): Dialect {
  const [first, ...others] = SHARES.filter(({ value }) => spoken.includes(value));
  return first ? dice.weighted([first, ...others]) : 'json';
}

/** `seconds`: the length of the pod that `body` asks for. */
export function askIn(dialect: Dialect, dice: Dice, body: AdRequestBody, seconds: number): Asked {
  const asked = { body, seconds };
  if (dialect === 'json') return posted('/api/v2/ad-request', body, seconds);
  if (dialect === 'openrtb') return posted('/api/v2/openrtb', bidRequestOf(dice, body, seconds), seconds);
  if (dialect === 'vmap') return askForStream(dice, asked);
  const version = dice.pick(VERSIONS);
  if (dice.chance(BY_BODY)) {
    const more = dialect === 'vast' ? { vast: { version, not_used: true } } : {};
    return posted('/api/v2/ad-request', { ...body, format: dialect, ...more }, seconds);
  }
  if (dialect === 'asset-list') return got('/api/v2/asset-list', queryOf(dice, body, {}), seconds, null);
  // Half say the version as HTTP does.
  const byAccept = dice.chance(0.5);
  const query = queryOf(dice, body, { ...(byAccept ? {} : { version }), not_used: dice.chance(0.6) ? 1 : 0 });
  return got('/api/v2/vast', query, seconds, byAccept ? `application/vast+xml; version=${version}` : null);
}

/** The breaks of something short: all of them are over before the first token is. */
const BREAK_SECONDS = 30;
export const CONTENT_SECONDS = 60;
const BREAKS: readonly [readonly string[], ...(readonly string[])[]] = [
  ['start', '50%', 'end'],
  ['pre', '30', 'post'],
  ['start', '00:00:20.000', '00:00:40.000'],
  ['start'],
];

function askForStream(
  dice: Dice,
  { body, seconds }: { readonly body: AdRequestBody; readonly seconds: number },
): Asked {
  const breaks = dice.pick(BREAKS);
  const inAll = breaks.length * Math.min(seconds, BREAK_SECONDS);
  const { pod, pod_duration, break: _, ...rest } = body;
  const kept = typeof pod === 'object' && pod !== null ? { pod: { ...pod, duration_seconds: undefined } } : {};
  const length = Math.min(seconds, BREAK_SECONDS);
  const whole = { ...rest, ...kept, pod_duration: length };
  const more = { breaks: breaks.join(), content_duration: CONTENT_SECONDS, not_used: 1 };
  return got('/api/v2/vmap', queryOf(dice, whole, more), inAll, null);
}

function posted(path: string, body: unknown, seconds: number): Asked {
  return { method: 'POST', path, accept: null, body, payload: Buffer.from(JSON.stringify(body)), seconds };
}

function got(path: string, query: string, seconds: number, accept: string | null): Asked {
  return { method: 'GET', path: `${path}?${query}`, accept, body: null, payload: null, seconds };
}
