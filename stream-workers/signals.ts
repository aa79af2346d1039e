import { partitionOf } from '../engines/event-log/partition.ts';
import { BROOM_MS, keys } from '../engines/state-store/keys.ts';
import type { Entry } from '../engines/state-store/state-store.ts';
import { decodeBare, encode, encodeBare } from '../schemas/codec.ts';
import { events } from '../schemas/events.ts';
import type { CampaignSignal, SignalStateRecord } from '../schemas/records.ts';
import { Duty, keepOnly, type Turn } from './duty.ts';
import type { BeatContext } from './worker.ts';

/** What a worker wants to say of a campaign; version and times are the publisher's. */
export type SignalDraft = Omit<CampaignSignal, 'kind' | 'version' | 'computed_at' | 'caused_by_received_at'>;

/** What goes on from one publication to the next, beside the signal itself. */
export interface Carried {
  readonly mu_ppm: number;
  readonly dual_ppm: number;
}

export const nothingCarried: Carried = { mu_ppm: 0, dual_ppm: 0 };

export interface Drafted {
  readonly draft: SignalDraft;
  /** It goes out when this differs from the last publication. */
  readonly mark: string;
  readonly carried: Carried;
}

/** All signals go out again about this often, so that a reader need not go far back. */
const REPEAT_MS = 60_000;
/** Where campaigns are many, no more than 200 a second go out again. */
const REPEAT_MS_EACH = 5;
/** Of campaigns that are owed a look, one beat makes up for so many. */
const OWED_MOST = 2_000;
/** Signals stored and appended in one go. */
const TOGETHER = 1_000;

interface Known {
  entry: Entry;
  state: SignalStateRecord | null;
  /** The mark of the last publication by this process; null: none yet, so the next beat publishes. */
  published: string | null;
}

/** Publishes one kind of signal for the campaigns on duty here: those whose home is a partition that this worker holds. */
export class SignalPublisher {
  readonly #kind: 'PACING' | 'SCORE';
  readonly #known = new Map<string, Known>();
  readonly #duty = new Duty();
  /** Looked at by a beat that has not told of them: it failed, or somebody else was quicker. The next one looks again. */
  readonly #owed = new Set<string>();
  #turn: readonly string[] = [];
  /** Everybody on duty, of a round that began with a beat that failed. */
  #all: readonly string[] | null = null;
  /** Campaign -> receipt of the oldest beacon that the next beat will see for the first time. */
  #causes = new Map<string, number>();
  /** The same for the beat that is under way. */
  #seen = new Map<string, number>();

  constructor(kind: 'PACING' | 'SCORE') {
    this.#kind = kind;
  }

  /** A beacon received at `receivedAt` will change the campaign's next signal. */
  causedBy(campaignId: string, receivedAt: number): void {
    const oldest = this.#causes.get(campaignId);
    if (oldest === undefined || receivedAt < oldest) this.#causes.set(campaignId, receivedAt);
  }

  /** Begins a beat: the campaigns whose signals this worker looks at now. */
  async onDuty(context: BeatContext, campaignIds: Iterable<string>): Promise<Turn> {
    this.#seen = this.#causes;
    this.#causes = new Map();
    const turn = await this.#duty.next(context, campaignIds, [
      ...this.#seen.keys(),
      ...this.#owed.values().take(OWED_MOST),
    ]);
    this.#turn = turn.now;
    this.#all = turn.all ?? this.#all;
    if (turn.all !== null) keepOnly(this.#known, turn.all);
    for (const id of turn.now) this.#owed.add(id);
    await this.#load(
      context,
      turn.now.filter((id) => !this.#known.has(id)),
    );
    const all = this.#all;
    this.#all = null;
    return { ...turn, all };
  }

  /** What there was news of was not looked at after all: the next beat hears of it again. */
  again(): void {
    for (const [id, receivedAt] of this.#seen) this.causedBy(id, receivedAt);
    this.#seen = new Map();
  }

  /** What was last published of the campaign, by whichever worker; null before the first time. */
  last(campaignId: string): SignalStateRecord | null {
    return this.#known.get(campaignId)?.state ?? null;
  }

  /**
   * Publishes the drafts whose mark differs from the last, and every draft about once a minute, or as `REPEAT_MS_EACH` has it. The
   * state is stored before the record is appended, so that a version is used once; a death in between is mended by the successor's
   * first beat, a log that took nothing by the next one.
   */
  async publish(context: BeatContext, drafts: readonly Drafted[]): Promise<number> {
    const now = context.clock.now();
    const repeatMs = Math.max(REPEAT_MS, this.#duty.size * REPEAT_MS_EACH);
    const due = drafts.filter(({ draft, mark }) => {
      const known = this.#known.get(draft.campaign);
      return known?.published !== mark || now - (known.state?.computed_at ?? 0) >= repeatMs;
    });
    for (const id of this.#turn) this.#owed.delete(id);
    for (const { draft } of due) this.#owed.add(draft.campaign);
    let published = 0;
    for (let at = 0; at < due.length; at += TOGETHER) {
      published += await this.#tell(context, due.slice(at, at + TOGETHER), now);
    }
    return published;
  }

  async #tell(context: BeatContext, due: readonly Drafted[], now: number): Promise<number> {
    const values = await Promise.all(due.map((one) => this.#store(context, one, now)));
    const { topic } = events['campaign-signal'];
    const partitions = await context.log.partitions(topic);
    const records = values.flatMap((value, index) => {
      const key = due[index]?.draft.campaign;
      return value && key ? [{ partition: partitionOf(key, partitions), key, value }] : [];
    });
    if (records.length > 0) await context.log.append(topic, records);
    for (const { draft, mark } of due) {
      const known = this.#known.get(draft.campaign);
      if (known === undefined) continue;
      known.published = mark;
      this.#owed.delete(draft.campaign);
    }
    return records.length;
  }

  async #store(context: BeatContext, { draft, mark, carried }: Drafted, now: number): Promise<Buffer | null> {
    const known = this.#known.get(draft.campaign);
    if (!known) return null;
    const changed = known.published !== mark;
    // A store that forgot knows no version, and readers take none that is lower than the one they hold: time goes on.
    const version = Math.max((known.state?.version ?? 0) + 1, now);
    const signal = encode('campaign-signal', {
      ...draft,
      kind: this.#kind,
      version,
      computed_at: now,
      caused_by_received_at: changed ? (this.#seen.get(draft.campaign) ?? null) : null,
    });
    const state = { ...carried, version, computed_at: now, signal };
    const key = keys.signal(this.#kind, draft.campaign);
    const swapped = await context.store.swap(key, known.entry, encodeBare('signal-state-record', state), BROOM_MS);
    if (!swapped.ok) {
      this.#known.delete(draft.campaign);
      return null;
    }
    this.#known.set(draft.campaign, { entry: swapped.entry, state, published: null });
    return signal;
  }

  async #load(context: BeatContext, campaignIds: readonly string[]): Promise<void> {
    const entries = await context.store.read(campaignIds.map((id) => keys.signal(this.#kind, id)));
    for (const [index, id] of campaignIds.entries()) {
      const entry = entries[index];
      if (!entry) continue;
      const state = entry.bytes ? decodeBare('signal-state-record', entry.bytes) : null;
      this.#known.set(id, { entry, state, published: null });
    }
  }
}
