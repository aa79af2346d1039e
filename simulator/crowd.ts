import { type BeaconOptions, planBeacons } from './beacons.ts';
import type { Answer, Call } from './call.ts';
import type { PlayerClock } from './clock.ts';
import { DueQueue } from './due-queue.ts';
import type { HttpPlayer } from './http-player.ts';
import { kept, readAnswer } from './read-answer.ts';
import type { Planned } from './schedule.ts';
import type { Tally } from './tally.ts';
import type { ViewersFile } from './viewers-file.ts';

const RETRY_WITHIN_MS = 20_000;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 2000;

/** What the crowd needs to act. */
export interface CrowdDeps {
  readonly clock: PlayerClock;
  readonly player: HttpPlayer;
  readonly file: ViewersFile;
  readonly tally: Tally;
  readonly options: BeaconOptions;
  /** Which of the server's addresses a call goes to. */
  readonly route: (call: Call) => Call;
}

/** All viewers and what they are about to do. A driver decides when, and how many at once. */
export class Crowd {
  readonly queue = new DueQueue<Call>();
  readonly #deps: CrowdDeps;
  readonly #conflicts = new Map<number, NonNullable<Planned['conflict']>>();
  #lastDecisionMs = 0;
  #stopped = false;

  constructor(deps: CrowdDeps, planned: readonly Planned[]) {
    this.#deps = deps;
    for (const { due, repeat, conflict } of planned) {
      this.queue.push(due.at, due.call);
      if (repeat) this.queue.push(repeat.at, repeat.call);
      if (conflict && due.call.visit) this.#conflicts.set(due.call.visit.ordinal, conflict);
    }
  }

  /** When the last pod was answered, epoch ms; 0: none yet. */
  get lastDecisionMs(): number {
    return this.#lastDecisionMs;
  }

  /** After this nothing new is planned. */
  stop(): void {
    this.#stopped = true;
  }

  /** Makes one call that is due, writes it down, and plans what follows from its answer. */
  async perform(dueMs: number, due: Call): Promise<void> {
    const { clock, player, file, tally, route } = this.#deps;
    const call = route(due);
    const sentMs = clock.now();
    if (call.intent === 'lost') {
      file.write(sentMs, call, { status: null, error: 'not sent', text: '', retryAfterMs: null, noBid: null }, null);
      tally.lost();
      return;
    }
    if (call.kind === 'ad-request' && call.attempt === 1) tally.slipped(sentMs - dueMs);
    const began = clock.ticks();
    const answer = await player.send(call);
    const tookMs = clock.ticks() - began;
    const read = call.kind === 'ad-request' ? kept(call.dialect, answer) : null;
    file.write(sentMs, call, answer, read, tookMs);
    tally.called(call, answer, tookMs);
    if (this.#stopped) return;
    if (answer.status === null || answer.status === 503) this.#again(call, answer, sentMs);
    else if (call.kind === 'ad-request' && answer.status < 300) this.#watch(call, answer, read);
  }

  /** The player's own network retry: the same bytes, the same cb, the same request_id. */
  #again(call: Call, answer: Answer, sentMs: number): void {
    const firstAt = call.firstAt ?? sentMs;
    const backoff = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(call.attempt - 1, 10));
    const at = this.#deps.clock.now() + Math.max(backoff, Math.min(BACKOFF_MAX_MS, answer.retryAfterMs ?? 0));
    if (at - firstAt > RETRY_WITHIN_MS) {
      this.#deps.tally.gaveUp();
      return;
    }
    const intent = call.intent === 'normal' ? 'retry' : call.intent;
    this.queue.push(at, { ...call, intent, attempt: call.attempt + 1, firstAt });
  }

  #watch(call: Call, answer: Answer, read: unknown): void {
    const { visit } = call;
    if (!visit || visit.answered) return;
    const breaks = readAnswer(call.dialect, answer, read);
    if (!breaks) {
      this.#deps.tally.unreadable();
      return;
    }
    visit.answered = true;
    const nowMs = this.#deps.clock.now();
    this.#lastDecisionMs = nowMs;
    this.#deps.tally.answered(visit, breaks);
    const beacons = planBeacons(this.#deps.options, visit, breaks, nowMs);
    for (const { at, call: beacon } of beacons) this.queue.push(at, beacon);
    const conflict = this.#conflicts.get(visit.ordinal);
    if (conflict) this.queue.push(nowMs + conflict.afterMs, conflict.call);
  }
}
