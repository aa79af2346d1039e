import { auction } from './auction.ts';
import type { Call, Due, Intent, ServedAd, ServedBreak, Visit } from './call.ts';
import { type Moment, watch } from './playback.ts';
import { Dice } from './random.ts';

export interface BeaconOptions {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly seed: number;
  readonly startMs: number;
  /** How long a token is good after the end of its decision's minute. */
  readonly tokenLifeMs: number;
  readonly compress: number;
}

/** OpenRTB's macro of a loss, and its number for a higher bid of somebody else. */
const AUCTION_LOSS = /\$\{AUCTION_LOSS\}/;
const OUTBID = '102';
/** VAST's number for an answer without an ad. */
const NOTHING_SERVED = '303';
const LATE_MARGIN_MS = 1500;
const MINUTE_MS = 60_000;

/**
 * The earliest time at which a token of a decision made at or before `decidedMs` has certainly expired. Its life ends with
 * the decision's minute plus `tokenLifeMs`.
 */
export function lateAt(decidedMs: number, tokenLifeMs: number): number {
  return (Math.floor(decidedMs / MINUTE_MS) + 1) * MINUTE_MS + tokenLifeMs + LATE_MARGIN_MS;
}

/** Every beacon call that an answer brings about: on time, late, doubled, forged, batched, and those that get lost. */
export function planBeacons(
  options: BeaconOptions,
  visit: Visit,
  breaks: readonly ServedBreak[],
  answeredMs: number,
): Due[] {
  const dice = new Dice(options.seed, `pod ${visit.ordinal}`);
  const planner = new PodPlanner(options, visit, dice, answeredMs);
  const batching = dice.chance(0.11);
  const beginMs = answeredMs + dice.whole(5, 60);
  const { won, lost } = auction(new Dice(options.seed, `auction ${visit.ordinal}`), breaks);
  for (const ad of lost) planner.tellLoss(ad, answeredMs + dice.whole(1, 20));
  const { moments, told } = watch(dice, won, options.compress);
  for (const moment of moments) planner.plan(moment, beginMs, batching);
  for (const { event, url, afterMs } of told) planner.tellBreak(event, url, Math.round(beginMs + afterMs));
  planner.closeBatch();
  return planner.dues;
}

/** A beacon that waits for the batch of its ad. */
interface Collected {
  readonly url: string;
  readonly at: number;
  readonly event: string;
  readonly cb: string;
  readonly adId: string | null;
  readonly viewMs: number | null;
}

class PodPlanner {
  readonly dues: Due[] = [];
  readonly #options: BeaconOptions;
  readonly #visit: Visit;
  readonly #dice: Dice;
  readonly #answeredMs: number;
  #sent = 0;
  #batch: Collected[] = [];

  constructor(options: BeaconOptions, visit: Visit, dice: Dice, answeredMs: number) {
    this.#options = options;
    this.#visit = visit;
    this.#dice = dice;
    this.#answeredMs = answeredMs;
  }

  plan(moment: Moment, beginMs: number, batching: boolean): void {
    for (const template of moment.ad.tracking[moment.event] ?? []) this.#plan(template, moment, beginMs, batching);
  }

  /** An exchange tells why the bid lost; it was paid ahead for a time, and is given back. */
  tellLoss(ad: ServedAd, at: number): void {
    const cb = this.#cb();
    const url = `${(ad.lossUrl ?? '').replace(AUCTION_LOSS, OUTBID)}&cb=${cb}`;
    const moment = { ad, event: 'notUsed', afterMs: 0, viewMs: null, code: null, sent: true };
    this.#push(at, this.#get(moment, this.#visit.bot ? 'bot' : 'normal', url, cb));
  }

  /** Of no ad: it is acknowledged like a beacon, and nothing comes of it. */
  tellBreak(event: string, template: string, at: number): void {
    const url = template.replace('[CACHEBUSTING]', this.#cb()).replace('[ERRORCODE]', NOTHING_SERVED);
    this.#push(at, { ...this.#plain(this.#visit.bot ? 'bot' : 'normal'), kind: 'break', url, event });
  }

  #plan(template: string, moment: Moment, beginMs: number, batching: boolean): void {
    const dice = this.#dice;
    const at = Math.round(beginMs + moment.afterMs);
    const intent: Intent = this.#visit.bot ? 'bot' : 'normal';
    const cb = this.#cb();
    const url = fill(template, cb, at, moment);
    if (!moment.sent || dice.chance(0.01)) {
      this.#push(at, this.#get(moment, 'lost', url, cb));
      return;
    }
    // A click's token lives longer than its ad's, so a click held back might still be in time.
    if (moment.event !== 'click' && dice.chance(0.02)) {
      this.#push(lateAt(this.#answeredMs, this.#options.tokenLifeMs), this.#get(moment, 'late', url, cb));
      return;
    }
    if (batching) this.#collect({ url, at, event: moment.event, cb, adId: moment.ad.ad_id, viewMs: moment.viewMs });
    else this.#push(at, this.#get(moment, intent, url, cb));
    if (dice.chance(0.03)) {
      const again = this.#cb();
      const later = at + dice.whole(20, 400);
      this.#push(later, this.#get(moment, 'duplicate', fill(template, again, later, moment), again));
    }
    if (dice.chance(0.01)) {
      const forgedCb = this.#cb();
      const forged = forge(fill(template, forgedCb, at, moment), dice.chance(0.3) ? moment.event : null);
      this.#push(at + dice.whole(1, 300), this.#get(moment, 'forged', forged, forgedCb));
    }
  }

  /** Sends what was collected, when the last of it has happened. */
  closeBatch(): void {
    const [first] = this.#batch;
    if (!first) return;
    const beacons = this.#batch.map((one, index) => (index % 3 === 2 ? taken(one) : { url: one.url }));
    const body = { beacons };
    this.#push(Math.max(...this.#batch.map((one) => one.at)), {
      ...this.#plain(this.#visit.bot ? 'bot' : 'normal'),
      method: 'POST',
      url: `${this.#options.baseUrl}/api/v2/beacons`,
      body,
      payload: Buffer.from(JSON.stringify(body)),
      beacons: beacons.length,
    });
    this.#batch = [];
  }

  #collect(one: Collected): void {
    const [first] = this.#batch;
    if (first && first.adId !== one.adId) this.closeBatch();
    this.#batch.push(one);
  }

  #get(moment: Moment, intent: Intent, url: string, cb: string): Call {
    // A forged one may claim another event than the player saw.
    const event = /\/beacons\/(\w+)/.exec(url)?.[1] ?? moment.event;
    const beacons = intent === 'forged' ? 0 : 1;
    return { ...this.#plain(intent), url, cb, event, adId: moment.ad.ad_id, beacons };
  }

  #plain(intent: Intent): Call {
    const { viewer, userAgent, requestId, dialect } = this.#visit;
    return {
      kind: 'beacon',
      intent,
      viewer,
      userAgent,
      method: 'GET',
      url: '',
      accept: null,
      dialect,
      body: null,
      payload: null,
      cb: null,
      event: null,
      adId: null,
      requestId,
      beacons: 0,
      visit: null,
      attempt: 1,
      firstAt: null,
    };
  }

  #push(at: number, call: Call): void {
    this.dues.push({ at, call });
  }

  #cb(): string {
    const { startMs, seed } = this.#options;
    return `${startMs.toString(36)}-${seed}-${this.#visit.ordinal}-${this.#sent++}`;
  }
}

function fill(template: string, cb: string, at: number, moment: Moment): string {
  const url = template
    .replace('[CACHEBUSTING]', cb)
    .replace('[ERRORCODE]', String(moment.code ?? 900))
    .replace('[ADPLAYHEAD]', playhead(moment.viewMs ?? 0));
  const view = moment.viewMs === null ? '' : `&view_ms=${moment.viewMs}`;
  const seen = moment.event === 'impression' ? '&viewability=100&audio=80' : '';
  return `${url}&at=${at}${view}${seen}`;
}

/** HH:MM:SS.mmm */
function playhead(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23);
}

/** The same beacon as its parts instead of its URL. */
function taken(one: Collected): object {
  const query = new URL(one.url).searchParams;
  const code = query.get('code');
  const offset = query.get('offset');
  return {
    event: one.event,
    t: query.get('t'),
    cb: one.cb,
    at: one.at,
    ...(one.viewMs === null ? {} : { view_ms: one.viewMs }),
    ...(code === null ? {} : { code: Number(code) }),
    ...(offset === null ? {} : { offset }),
  };
}

/**
 * A URL whose signature does not hold: its first character is another, or (with an event) the token is used for an event
 * that it was not signed for.
 */
export function forge(url: string, event: string | null): string {
  if (event !== null) {
    return url.replace(`/beacons/${event}?`, `/beacons/${event === 'complete' ? 'click' : 'complete'}?`);
  }
  return url.replace(/([?&]t=[^&]*\.)([^.&])/, (_, head: string, first: string) => head + (first === 'A' ? 'B' : 'A'));
}
