import { type Answer, type Call, type Dialect, dialects, type ServedBreak, type Visit } from './call.ts';

/** The last line of a run. Times in ms; on a controlled clock 0. */
export interface Counts {
  requests_answered: number;
  pods: number;
  ads: number;
  requested_seconds: number;
  filled_seconds: number;
  beacons_acked: number;
  /** What was told of breaks: begun, ended, or without an ad. */
  breaks_told: number;
  duplicates_sent: number;
  late_sent: number;
  forged_sent: number;
  lost: number;
  retries: number;
  malformed_sent: number;
  conflicts_409: number;
  server_errors: number;
  gave_up: number;
  /** Answers with status 200 that hold no pod in the agreed form. */
  unreadable: number;
  calls: number;
  lines: number;
  /** Requests that were answered, ads in them, and beacons acknowledged for those. */
  dialects: Record<Dialect, { requests: number; ads: number; beacons: number }>;
  decision_p50_ms: number;
  decision_p95_ms: number;
  schedule_slip_ms: number;
}

export interface Second {
  readonly t: number;
  readonly requests: number;
  readonly rps: number;
  readonly fill: number;
  readonly p95_ms: number;
  readonly beacons_acked: number;
  readonly phase: 'running' | 'settling';
}

/** Counts what comes back. An answer counts once per request_id, a beacon once per acknowledgement. */
export class Tally {
  readonly #counts: Counts = {
    requests_answered: 0,
    pods: 0,
    ads: 0,
    requested_seconds: 0,
    filled_seconds: 0,
    beacons_acked: 0,
    breaks_told: 0,
    duplicates_sent: 0,
    late_sent: 0,
    forged_sent: 0,
    lost: 0,
    retries: 0,
    malformed_sent: 0,
    conflicts_409: 0,
    server_errors: 0,
    gave_up: 0,
    unreadable: 0,
    calls: 0,
    lines: 0,
    dialects: Object.fromEntries(
      dialects.map((dialect) => [dialect, { requests: 0, ads: 0, beacons: 0 }]),
    ) as Counts['dialects'],
    decision_p50_ms: 0,
    decision_p95_ms: 0,
    schedule_slip_ms: 0,
  };
  readonly #decisionMs: number[] = [];
  #recentMs: number[] = [];
  #lastRequests = 0;

  /** A call came to its answer, or to none. */
  called(call: Call, answer: Answer, tookMs: number): void {
    const counts = this.#counts;
    const { status } = answer;
    counts.calls++;
    if (call.attempt > 1 || (call.kind === 'ad-request' && call.intent === 'retry')) counts.retries++;
    // A beacon may be told to come again; who asks for ads never.
    if (status !== null && status >= 500 && (status !== 503 || call.kind === 'ad-request')) counts.server_errors++;
    if (call.kind === 'break') counts.breaks_told += acknowledged(status) ? 1 : 0;
    else if (call.kind === 'beacon') this.#beacon(call, acknowledged(status));
    else this.#request(call, status, tookMs);
  }

  #beacon(call: Call, ok: boolean): void {
    const counts = this.#counts;
    if (call.intent === 'forged') {
      if (ok) counts.forged_sent++;
      return;
    }
    if (!ok) return;
    counts.beacons_acked += call.beacons;
    counts.dialects[call.dialect].beacons += call.beacons;
    if (call.intent === 'duplicate') counts.duplicates_sent++;
    if (call.intent === 'late') counts.late_sent++;
  }

  #request(call: Call, status: number | null, tookMs: number): void {
    const counts = this.#counts;
    if (call.intent === 'malformed' && call.attempt === 1) counts.malformed_sent++;
    if (status === 409) counts.conflicts_409++;
    if (status !== 200 && status !== 204) return;
    this.#decisionMs.push(tookMs);
    this.#recentMs.push(tookMs);
  }

  /** The first answer to a visit. */
  answered({ requestedSeconds, dialect }: Visit, breaks: readonly ServedBreak[]): void {
    const counts = this.#counts;
    const ads = breaks.reduce((sum, { pod }) => sum + pod.ads.length, 0);
    counts.requests_answered++;
    counts.requested_seconds += requestedSeconds;
    counts.ads += ads;
    counts.dialects[dialect].requests++;
    counts.dialects[dialect].ads += ads;
    for (const { pod } of breaks) {
      counts.filled_seconds += pod.filled_seconds;
      if (pod.ads.length > 0) counts.pods++;
    }
  }

  slipped(ms: number): void {
    this.#counts.schedule_slip_ms = Math.max(this.#counts.schedule_slip_ms, Math.round(ms));
  }

  lost(): void {
    this.#counts.lost++;
  }

  unreadable(): void {
    this.#counts.unreadable++;
  }

  gaveUp(): void {
    this.#counts.gave_up++;
  }

  /** What the second just over was like; starts the next. */
  second(t: number, phase: Second['phase']): Second {
    const counts = this.#counts;
    const fresh = counts.requests_answered - this.#lastRequests;
    this.#lastRequests = counts.requests_answered;
    const p95 = percentile(this.#recentMs, 0.95);
    this.#recentMs = [];
    return {
      t: Math.round(t * 10) / 10,
      requests: counts.requests_answered,
      rps: fresh,
      fill: counts.requested_seconds === 0 ? 0 : round(counts.filled_seconds / counts.requested_seconds),
      p95_ms: p95,
      beacons_acked: counts.beacons_acked,
      phase,
    };
  }

  total(lines: number): Counts {
    return {
      ...this.#counts,
      lines,
      decision_p50_ms: percentile(this.#decisionMs, 0.5),
      decision_p95_ms: percentile(this.#decisionMs, 0.95),
    };
  }
}

export function acknowledged(status: number | null): boolean {
  return status === 200 || status === 202 || status === 302;
}

/** The nearest-rank percentile; 0 of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
