import { readFileSync } from 'node:fs';
import { type KeptRow, numberIn } from './kept.ts';

/** The plan's, of one ad request. */
export const LATENCY_MS = 50;

export function planText(): string {
  return readFileSync(new URL('../../docs/plan.md', import.meta.url), 'utf8');
}

/** What the page has to say of the latency that `bench -- decide` kept: where it was measured, and whether the plan's line held. */
export function saidOfLatency(row: KeptRow): string {
  const rate = numberIn(row, /^at (\d+) requests\/s/).toLocaleString('en-US');
  const held = row.measured < LATENCY_MS ? 'holds' : 'does not hold';
  return `at ${rate} a second it ${held}: ${Math.round(row.measured)} ms`;
}
