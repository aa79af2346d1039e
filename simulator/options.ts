import { parseArgs } from 'node:util';
import { type Dialect, dialects } from './call.ts';

export interface Options {
  /** Without a slash at the end; the first one of `urls`. */
  readonly url: string;
  /** Where calls go, each to whichever. */
  readonly urls: readonly string[];
  readonly out: string;
  readonly seed: number;
  readonly forMs: number;
  readonly rate: number;
  /** Null: the system's clock. */
  readonly controlUrl: string | null;
  readonly tokenLifeMs: number;
  readonly compress: number;
  readonly households: number;
  readonly progressJson: boolean;
  /** What players speak. */
  readonly dialects: readonly Dialect[];
}

export const HELP = `Viewers that talk to an ad server over HTTP only, as players do.

  node simulator/main.ts --url BASE --out FILE --seed N --for 20s [options]

  --url BASE          where the decision API listens, http://127.0.0.1:8080; given several times, each call may go to any
  --out FILE          viewers.jsonl: one line per call with its answer; overwritten
  --seed N            the same seed asks for the same pods in the same way (default 1)
  --for 20s           how long pods are asked for: 500ms, 20s, 2m, 1h (default 20s)
  --rate R            ad-requests per second, averaged over the run (default 40)
  --clock URL         lock-step with a host whose clock stands at URL/clock
  --token-life 4s     the server's TOKEN_LIFE; late beacons are held back longer (default 4s)
  --compress N        ads play, and days pass, N times faster than life (default 60)
  --households N      how many households watch (default 240)
  --dialects LIST     what players speak, with commas between (default json,vast,vmap,asset-list,openrtb)
  --progress-json     progress on stderr as JSON, one line a second
  --help

The last line on stdout is a JSON object of counts. SIGTERM and SIGINT end the run: calls under way are awaited, exit 0.
`;

/** Every problem at once, or the options. */
export function readOptions(args: readonly string[]): Options | { readonly problems: string[] } | 'help' {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    return { problems: [error instanceof Error ? error.message : String(error)] };
  }
  if (values.help) return 'help';
  const problems: string[] = [];
  const check = <T>(value: T | null, problem: string, otherwise: T): T => {
    if (value === null) problems.push(problem);
    return value ?? otherwise;
  };
  const given: readonly (string | undefined)[] = values.url ?? [undefined];
  const urls = given.map((url) => check(webAddress(url), '--url: expected http://host:port', ''));
  const options: Options = {
    url: urls[0] ?? '',
    urls,
    out: check(values.out || null, '--out: expected a file name', ''),
    seed: check(amount(values.seed, 0, true), '--seed: expected a whole number from 0', 0),
    forMs: check(duration(values.for), '--for: expected a time such as 20s, from 1ms', 1),
    rate: check(amount(values.rate, 0.01, false), '--rate: expected a number from 0.01', 1),
    controlUrl:
      values.clock === undefined ? null : check(webAddress(values.clock), '--clock: expected http://host:port', ''),
    tokenLifeMs: check(duration(values['token-life']), '--token-life: expected a time such as 4s, from 1ms', 1),
    compress: check(amount(values.compress, 0.1, false), '--compress: expected a number from 0.1', 1),
    households: check(amount(values.households, 4, true), '--households: expected a whole number from 4', 4),
    progressJson: values['progress-json'],
    dialects: check(spoken(values.dialects), `--dialects: expected some of ${dialects.join(',')}`, []),
  };
  return problems.length > 0 ? { problems } : options;
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      url: { type: 'string', multiple: true },
      out: { type: 'string' },
      seed: { type: 'string', default: '1' },
      for: { type: 'string', default: '20s' },
      rate: { type: 'string', default: '40' },
      clock: { type: 'string' },
      'token-life': { type: 'string', default: '4s' },
      compress: { type: 'string', default: '60' },
      households: { type: 'string', default: '240' },
      dialects: { type: 'string', default: dialects.join() },
      'progress-json': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
}

function webAddress(text: string | undefined): string | null {
  if (text === undefined || !URL.canParse(text) || !/^https?:/.test(text)) return null;
  return text.replace(/\/+$/, '');
}

function amount(text: string, low: number, whole: boolean): number | null {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= low && (!whole || Number.isSafeInteger(value)) ? value : null;
}

function spoken(text: string): readonly Dialect[] | null {
  const named = text.split(',');
  const known = dialects.filter((dialect) => named.includes(dialect));
  return known.length === named.length ? known : null;
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** "20s" in ms, or null. */
function duration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const ms = match ? Math.round(Number(match[1]) * (UNITS_MS[match[2] ?? ''] ?? 0)) : 0;
  return ms > 0 ? ms : null;
}
