import { setTimeout as sleep } from 'node:timers/promises';

interface Answer {
  readonly request_id: string;
  readonly pod: { readonly ads: readonly { readonly tracking: Readonly<Record<string, string>> }[] };
}

/** Viewers who ask and watch over HTTP, and remember what they were told. */
export class Viewers implements AsyncDisposable {
  /** Of pods that held ads. */
  readonly answered: string[] = [];
  /** Cache-busters of beacons that were answered 2xx. */
  readonly acknowledged: string[] = [];
  empty = 0;
  refused = 0;
  unanswered = 0;
  #latencies: number[] = [];
  #url: string;
  #asked = 0;
  #stopped = false;
  readonly #lanes: Promise<unknown>[];

  constructor(url: string, lanes: number, pauseMs: number) {
    this.#url = url;
    this.#lanes = Array.from({ length: lanes }, (_, lane) => this.#watch(lane, pauseMs));
  }

  /** Where the API is now. */
  move(url: string): void {
    this.#url = url;
  }

  /** Milliseconds that decisions took since this was asked last: how many, the median, the 95th percentile. */
  latencies(): { readonly count: number; readonly p50: number; readonly p95: number } {
    const sorted = this.#latencies.sort((a, b) => a - b);
    this.#latencies = [];
    const at = (part: number) => Math.round(sorted[Math.floor(sorted.length * part)] ?? 0);
    return { count: sorted.length, p50: at(0.5), p95: at(0.95) };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#lanes);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #watch(lane: number, pauseMs: number): Promise<void> {
    while (!this.#stopped) {
      const answer = await this.#ask(lane);
      if (answer) for (const [index, ad] of answer.pod.ads.entries()) await this.#report(ad.tracking, index);
      await sleep(pauseMs);
    }
  }

  async #ask(lane: number): Promise<Answer | null> {
    const n = this.#asked++;
    const body = JSON.stringify({ pod_duration: 90, request_id: `${lane}-${n}`, user: { id: `viewer ${n % 200}` } });
    const began = performance.now();
    const response = await this.#fetch('/api/v2/ad-request', { method: 'POST', body });
    if (response === null) return null;
    const answer = (await response.json()) as Answer;
    this.#latencies.push(performance.now() - began);
    if (answer.pod.ads.length > 0) this.answered.push(answer.request_id);
    else this.empty++;
    return answer;
  }

  async #report(tracking: Readonly<Record<string, string>>, index: number): Promise<void> {
    const cb = crypto.randomUUID();
    const url = new URL(String(tracking[index % 2 === 0 ? 'impression' : 'start']).replace('[CACHEBUSTING]', cb));
    const response = await this.#fetch(url.pathname + url.search, {});
    if (response === null) return;
    await response.arrayBuffer();
    if (response.ok) this.acknowledged.push(cb);
    else this.refused++;
  }

  async #fetch(path: string, init: RequestInit): Promise<Response | null> {
    try {
      return await fetch(this.#url + path, { ...init, signal: AbortSignal.timeout(10_000) });
    } catch {
      this.unanswered++;
      return null;
    }
  }
}
