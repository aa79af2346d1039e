import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Answer, Call } from './call.ts';

/** viewers.jsonl: what the viewers did and saw, one line per HTTP call, written once its answer is here. */
export class ViewersFile {
  readonly #fd: number;
  #lines = 0;

  /** Truncates what is there: one file is one run. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#fd = openSync(path, 'w');
  }

  get lines(): number {
    return this.#lines;
  }

  /** Written at once and whole, so that a stopped run leaves no half line. `answered` is what an ad-request was answered: the parsed JSON, or the text of what is XML; `tookMs` is 0 on a controlled clock. */
  write(atMs: number, call: Call, answer: Answer, answered: unknown, tookMs = 0): void {
    const line = {
      seq: ++this.#lines,
      at: atMs,
      took_ms: Math.round(tookMs * 10) / 10,
      kind: call.kind,
      intent: call.intent,
      dialect: call.dialect,
      viewer: call.viewer,
      method: call.method,
      url: call.url,
      body: call.body,
      status: answer.status,
      error: answer.error,
      answer: answered,
      ...(answer.noBid === null ? {} : { no_bid: answer.noBid }),
      cb: call.cb,
      event: call.event,
      ad_id: call.adId,
      request_id: call.requestId,
    };
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
