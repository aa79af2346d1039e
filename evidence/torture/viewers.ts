import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runJsonChild } from '../../cli/demo/json-child.ts';
import { settings } from './settings.ts';

export interface ViewersOptions {
  readonly folder: string;
  readonly url: string;
  readonly seed: number;
  readonly forMs: number;
  /** Requests a second. */
  readonly rate: number;
  /** Hears, about every ten seconds, how they fare. */
  readonly report: (line: string) => void;
}

interface Second {
  readonly t: number;
  readonly phase: string;
  readonly rps: number;
  readonly fill: number;
  readonly p95_ms: number;
  readonly beacons_acked: number;
}

const TELL_EVERY = 10;

/** Runs the simulator to its end. The exit code and its counts. */
export async function runViewers(options: ViewersOptions): Promise<Readonly<Record<string, unknown>>> {
  const { folder, url, seed, forMs, rate, report } = options;
  const args = ['--url', url, '--out', join(folder, 'viewers.jsonl'), '--seed', String(seed), '--for', `${forMs}ms`];
  args.push('--token-life', `${settings.token_life_ms}ms`, '--rate', String(rate), '--progress-json');
  let seconds = 0;
  const child = runJsonChild('simulator/main.ts', args, (line) => {
    if (!line.startsWith('{')) report(`viewers: ${line}`);
    else if (++seconds % TELL_EVERY === 0) report(inWords(JSON.parse(line) as Second));
  });
  try {
    const { code, answer } = await child.done;
    if (code !== 0) throw new Error(`the viewers ended with exit code ${code}`);
    return answer;
  } finally {
    child.child.kill('SIGTERM');
  }
}

function inWords({ t, phase, rps, fill, p95_ms, beacons_acked }: Second): string {
  return `${t.toFixed(1).padStart(6)} s  viewers ${phase}: ${rps} requests/s, fill ${Math.round(fill * 100)} %, p95 ${p95_ms.toFixed(0)} ms, ${beacons_acked} beacons`;
}

/** One ad request as its viewer saw it. */
export interface Asked {
  /** Epoch ms. */
  readonly at: number;
  readonly tookMs: number;
  readonly status: number | null;
  readonly ads: number;
}

/** The well-formed ad requests by JSON of a run, in the order of their answers. */
export async function readAsked(folder: string): Promise<Asked[]> {
  const found: Asked[] = [];
  for await (const line of createInterface({ input: createReadStream(join(folder, 'viewers.jsonl')) })) {
    if (!line.includes('"kind":"ad-request"') || line.includes('"intent":"malformed"')) continue;
    if (!line.includes('"dialect":"json"')) continue;
    const { at, took_ms, status, answer } = JSON.parse(line) as {
      at: number;
      took_ms: number;
      status: number | null;
      answer: { pod?: { ads?: unknown[] } } | null;
    };
    found.push({ at, tookMs: took_ms, status, ads: answer?.pod?.ads?.length ?? 0 });
  }
  return found;
}
