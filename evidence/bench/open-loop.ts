/** What an open loop found. Latency counts from when a request was due, so that a stall is not forgiven. */
export interface Paced {
  readonly p95Ms: number;
  /** How late the caller itself sent. */
  readonly lateP95Ms: number;
  readonly sentPerSecond: number;
}

/** Sends at a fixed rate for so long, whatever is still unanswered. */
export async function openLoop(
  send: (body: string) => Promise<unknown>,
  nextBody: () => string,
  ratePerSecond: number,
  forMs: number,
): Promise<Paced> {
  const count = Math.round((ratePerSecond * forMs) / 1_000);
  const bodies = Array.from({ length: count }, nextBody);
  const latencies: number[] = [];
  const late: number[] = [];
  const waiting: Promise<void>[] = [];
  const began = process.hrtime.bigint();
  const sinceMs = () => Number(process.hrtime.bigint() - began) / 1e6;
  for (let at = 0; at < count; ) {
    const dueMs = (at * 1_000) / ratePerSecond;
    const nowMs = sinceMs();
    if (nowMs < dueMs) {
      await new Promise((resolve) => (dueMs - nowMs > 2 ? setTimeout(resolve, 1) : setImmediate(resolve)));
      continue;
    }
    late.push(nowMs - dueMs);
    const one = send(bodies[at] as string).then(() => {
      latencies.push(sinceMs() - dueMs);
    });
    waiting.push(one);
    at += 1;
  }
  const sentPerSecond = (1_000 * count) / sinceMs();
  await Promise.all(waiting);
  return { p95Ms: at95(latencies), lateP95Ms: at95(late), sentPerSecond };
}

function at95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(0.95 * (sorted.length - 1))] ?? Number.NaN;
}
