import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Options } from './options.ts';
import { simulate } from './simulate.ts';
import { type Disturb, type StubServer, startStubServer } from './stub-server.ts';

const START = Date.UTC(2026, 4, 12, 18, 30, 40);
const MINUTE_END = Date.UTC(2026, 4, 12, 18, 31);

let folder = '';
let server: StubServer | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'viewers-'));
});

afterEach(async () => {
  await server?.close();
  server = null;
  rmSync(folder, { recursive: true, force: true });
});

interface Line {
  seq: number;
  at: number;
  kind: string;
  intent: string;
  url: string;
  body: unknown;
  status: number | null;
  error: string | null;
  cb: string | null;
  event: string | null;
  request_id: string | null;
}

function options(url: string, more: Partial<Options> = {}): Options {
  const out = join(folder, 'viewers.jsonl');
  const usual = { url, out, seed: 7, forMs: 8000, rate: 40, controlUrl: url, tokenLifeMs: 4000, compress: 60 };
  return { ...usual, urls: [url], households: 60, progressJson: false, dialects: ['json'], ...more };
}

function linesOf(path: string): Line[] {
  const text = readFileSync(path, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line));
}

async function runVirtually(seed: number, port = 0, disturb: Disturb = () => null) {
  server = await startStubServer(START, port, disturb);
  const chosen = options(server.url, { seed });
  const counts = await simulate(chosen, new AbortController().signal, () => {});
  const { url, cbs, requestIds, moves } = server;
  await server.close();
  return { counts, text: readFileSync(chosen.out, 'utf8'), lines: linesOf(chosen.out), url, cbs, requestIds, moves };
}

test('the same seed on a controlled clock writes the same bytes, another seed others', async () => {
  const first = await runVirtually(7);
  const port = Number(new URL(first.url).port);
  const second = await runVirtually(7, port);
  expect(second.text).toBe(first.text);
  expect(second.counts).toEqual(first.counts);
  expect(second.moves).toEqual(first.moves);
  const other = await runVirtually(8, port);
  expect(other.text).not.toBe(first.text);
}, 90_000);

test('the clock only goes forward and ends past the last token, in small steps', async () => {
  const { moves } = await runVirtually(7);
  expect(moves).toEqual(moves.toSorted((a, b) => a - b));
  const last = moves.at(-1) ?? 0;
  expect(last).toBeGreaterThanOrEqual(MINUTE_END + 4000 + 15_000);
  expect(last - (moves.at(-2) ?? 0)).toBeLessThanOrEqual(250);
});

test('late beacons are sent after their token has expired, and no others are', async () => {
  const { lines, counts } = await runVirtually(7);
  const expiry = MINUTE_END + 4000;
  const late = lines.filter((line) => line.intent === 'late');
  expect(late.length).toBeGreaterThan(5);
  expect(late.every((line) => line.at > expiry && line.event !== 'click')).toBe(true);
  expect(lines.filter((line) => line.intent !== 'late').every((line) => line.at < expiry)).toBe(true);
  expect(counts.late_sent).toBe(late.length);
});

test('the counts are those of the lines, and of what the server saw', async () => {
  const { lines, counts, cbs, requestIds } = await runVirtually(7);
  const of = (intent: string) => lines.filter((line) => line.intent === intent).length;
  const acked = lines.filter((line) => line.kind === 'beacon' && line.status !== null && line.intent !== 'forged');
  const batched = (line: Line) => (line.body as { beacons: unknown[] } | null)?.beacons.length ?? 1;
  expect(counts.lines).toBe(lines.length);
  expect(lines.map((line) => line.seq)).toEqual(lines.map((_, index) => index + 1));
  expect(counts.calls).toBe(lines.length - of('lost'));
  expect(counts.beacons_acked).toBe(acked.reduce((sum, line) => sum + batched(line), 0));
  expect(cbs.length).toBe(counts.beacons_acked + counts.forged_sent);
  expect(new Set(cbs).size).toBe(cbs.length);
  expect(counts.requests_answered).toBe(new Set(requestIds).size);
  expect(counts.ads).toBe(2 * counts.pods);
  expect(counts.forged_sent).toBe(of('forged'));
  expect(counts.duplicates_sent).toBe(of('duplicate'));
  expect(counts.conflicts_409).toBe(1);
  expect([counts.server_errors, counts.gave_up, counts.unreadable]).toEqual([0, 0, 0]);
  for (const intent of ['retry', 'bot', 'malformed', 'missing_fields', 'lost']) expect(of(intent)).toBeGreaterThan(0);
});

test('what is lost was never sent', async () => {
  const { lines, cbs } = await runVirtually(7);
  const lost = lines.filter((line) => line.intent === 'lost');
  expect(lost.every((line) => line.status === null && line.error === 'not sent' && !cbs.includes(line.cb ?? ''))).toBe(
    true,
  );
});

test('a call that got no answer is made again with the same id and the same bytes until it is answered', async () => {
  const troubled: Disturb = (_, nth) => (nth % 11 === 0 ? 'drop' : nth % 13 === 0 ? 'unavailable' : null);
  const { lines, counts, cbs } = await runVirtually(7, 0, troubled);
  const failed = lines.filter((line) => line.intent !== 'lost' && (line.status === null || line.status === 503));
  expect(failed.length).toBeGreaterThan(100);
  for (const line of failed) {
    const again = lines.find(
      (other) =>
        other.seq > line.seq && other.url === line.url && JSON.stringify(other.body) === JSON.stringify(line.body),
    );
    expect(again).toMatchObject({ cb: line.cb, request_id: line.request_id, event: line.event });
    if (line.intent === 'normal') expect(again?.intent).toBe('retry');
  }
  expect(new Set(cbs).size).toBe(cbs.length);
  expect(counts.retries).toBeGreaterThanOrEqual(failed.length);
  const unserved = failed.filter((line) => line.kind === 'ad-request' && line.status === 503);
  expect(unserved.length).toBeGreaterThan(0);
  expect([counts.gave_up, counts.server_errors]).toEqual([0, unserved.length]);
});

test('in real time SIGTERM ends the run with exit 0, whole lines and its counts', async () => {
  server = await startStubServer(START);
  const out = join(folder, 'viewers.jsonl');
  const main = join(import.meta.dirname, 'main.ts');
  const args = [
    main,
    '--url',
    server.url,
    '--out',
    out,
    '--seed',
    '3',
    '--for',
    '20s',
    '--progress-json',
    '--dialects',
    'json',
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    if (stderr.split('\n').length > 2) child.kill('SIGTERM');
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(stderr.split('\n')[0]).toMatch(/^\{"t":/);
  expect(code).toBe(0);
  const lines = linesOf(out);
  expect(lines.length).toBeGreaterThan(20);
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '').lines).toBe(lines.length);
  expect(JSON.parse(stderr.split('\n')[0] ?? '')).toMatchObject({ phase: 'running' });
});
