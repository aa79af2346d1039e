import { placeOf } from '../domain/campaign.ts';
import { type BeaconEvent, beaconEvents, everydayEvents, type Tokens } from './beacons/tokens.ts';
import type { Decision } from './decision.ts';
import { backupsOf, type Held, podOf } from './decision.ts';
import type { Shown } from './dialects/shown.ts';
import type { NoFillReason } from './reasons.ts';
import { type TokenLives, tokenOf } from './recording/record.ts';

/** An answer before its tracking URLs are signed: a third of the size, and what is kept for a repeated request_id (`draftText`). */
export interface Draft {
  readonly request_id: string;
  readonly pod: {
    readonly duration_seconds: number;
    readonly filled_seconds: number;
    readonly ads: readonly DraftAd[];
  };
  /** Only where they were asked for: each may take the place of any ad that fails. */
  readonly backups?: readonly DraftSpare[];
  readonly no_fill_reason: NoFillReason | null;
  readonly warnings: readonly Warning[];
}

export interface Warning {
  readonly pointer: string;
  readonly detail: string;
}

export interface DraftSpare {
  readonly ad_id: string;
  readonly campaign_id: string;
  readonly creative_id: string;
  readonly advertiser_id: string;
  readonly duration_seconds: number;
  readonly media: readonly object[];
  readonly click_through: string | null;
  /** `<keyId>.<base64url facts>` of its tracking URLs. */
  readonly facts: string;
  /** What JSON says of it, without tracking and closing brace, where that is at hand. */
  readonly told?: string;
  /** What other dialects than JSON say of it. */
  readonly shown?: Shown;
}

export interface DraftAd extends DraftSpare {
  readonly position: number;
  readonly start_seconds: number;
}

export function draftOf(
  decision: Decision,
  noFill: NoFillReason | null,
  warnings: readonly Warning[],
  tokens: Tokens,
  lives: TokenLives,
): Draft {
  const { rules, dialect } = decision.ask;
  const shows = dialect !== 'json' && dialect !== 'v1';
  const spare = (held: Held, position: number, where: string): DraftSpare => {
    const { entrant, creative, facts } = held.runner;
    const { campaign } = entrant;
    const { reservation } = held.wanted.place;
    return {
      ad_id: reservation,
      campaign_id: campaign.id,
      creative_id: creative.id,
      advertiser_id: campaign.advertiserId,
      duration_seconds: creative.durationSeconds,
      media: facts.media,
      click_through: creative.clickThrough,
      facts: tokens.facts(tokenOf(decision, held, position, lives), decision.ask.invalid),
      told: `{"ad_id":"${reservation}",${facts.told}${where}`,
      ...(shows ? { shown: shownOf(held, decision.expiresAt) } : {}),
    };
  };
  return {
    request_id: decision.ask.requestId,
    pod: {
      duration_seconds: rules.durationSeconds,
      filled_seconds: decision.solution?.filledSeconds ?? 0,
      ads: podOf(decision).map(({ held, startSeconds }, index) => ({
        ...spare(held, index + 1, `,"position":${index + 1},"start_seconds":${startSeconds}`),
        position: index + 1,
        start_seconds: startSeconds,
      })),
    },
    ...(rules.backupAds > 0 ? { backups: backupsOf(decision).map((held) => spare(held, 0, '')) } : {}),
    no_fill_reason: noFill,
    warnings,
  };
}

/** A draft as JSON text; JSON.parse reads it. */
export function draftText({ backups, pod, ...rest }: Draft): string {
  const ad = (one: DraftSpare) => {
    const shown = one.shown === undefined ? '' : `,"shown":${JSON.stringify(one.shown)}`;
    return `${toldOf(one)},"facts":${JSON.stringify(one.facts)}${shown}}`;
  };
  const { ads, ...about } = pod;
  const spares = backups === undefined ? '' : `,"backups":${listed(backups, ad)}`;
  return `${opened(JSON.stringify(rest))},"pod":${opened(JSON.stringify(about))},"ads":${listed(ads, ad)}}${spares}}`;
}

function toldOf({ told, facts: _, shown: __, ...ad }: DraftSpare): string {
  return told ?? opened(JSON.stringify(ad));
}

function listed(ads: readonly DraftSpare[], write: (ad: DraftSpare) => string): string {
  let text = '[';
  for (const [at, ad] of ads.entries()) text += at === 0 ? write(ad) : `,${write(ad)}`;
  return `${text}]`;
}

function shownOf({ runner: { creative, entrant, worth } }: Held, expiresAt: number): Shown {
  const { advertiserName, tier, pricing } = entrant.campaign;
  const place = placeOf(creative, entrant.campaign);
  return { creative, advertiserName, tier, pricing, place, valueMicros: worth?.valueMicros ?? 0, expiresAt };
}

/** A valid pod without ads. */
export function emptyDraft(
  requestId: string,
  durationSeconds: number,
  noFill: NoFillReason,
  warnings: readonly Warning[],
): Draft {
  return {
    request_id: requestId,
    pod: { duration_seconds: durationSeconds, filled_seconds: 0, ads: [] },
    no_fill_reason: noFill,
    warnings,
  };
}

/** What stands in an answer besides the draft. */
export interface Around {
  /** Before everything else. */
  readonly before?: object;
  /** As JSON text. */
  readonly explain?: string | null;
  /** False: the warnings stand elsewhere. */
  readonly warnings?: boolean;
}

/** The answer as players get it, as JSON text: most of it is tracking URLs, which need no writer of objects. `base`: how these begin. */
export function answerText(draft: Draft, tokens: Tokens, base: string, around: Around = {}): string {
  const { backups, pod, warnings, ...rest } = draft;
  const { ads, ...about } = pod;
  const begins = eventBegins(base);
  const tracked = (all: readonly DraftSpare[]) => listed(all, (ad) => adText(ad, tokens, begins));
  const first = JSON.stringify({ ...around.before, ...rest, ...(around.warnings === false ? {} : { warnings }) });
  const spares = backups === undefined ? '' : `,"backups":${tracked(backups)}`;
  const explain = around.explain ? `,"explain":${around.explain}` : '';
  return `${opened(first)},"pod":${opened(JSON.stringify(about))},"ads":${tracked(ads)}}${spares}${explain}}`;
}

/** An object's text, to which more is to be added. */
function opened(json: string): string {
  return json.slice(0, -1);
}

function adText(ad: DraftSpare, tokens: Tokens, begins: readonly string[]): string {
  const { begin, mac } = tokens.signAll(ad.facts, everydayEvents);
  const shared = JSON.stringify(begin).slice(1, -1);
  let urls = '';
  for (let place = 0; place < begins.length; place++) urls += begins[place] + shared + mac(place) + ends[place];
  return `${toldOf(ad)},"tracking":{${urls}}}`;
}

/** What follows the token in an event's URL: macros that the player fills in. */
export function macrosOf(event: BeaconEvent): string {
  if (event === 'error') return '&cb=[CACHEBUSTING]&code=[ERRORCODE]';
  return event === 'progress' ? '&cb=[CACHEBUSTING]&offset=[ADPLAYHEAD]' : '&cb=[CACHEBUSTING]';
}

/** What follows it where the player opens the page itself: the click is told and leads nowhere. */
export const clickPixel = `${macrosOf('click')}&r=0`;

const told = beaconEvents.slice(0, everydayEvents);
const ends = told.map((event, place) => `${macrosOf(event)}"${place < told.length - 1 ? ',' : ''}`);

let known: { readonly base: string; readonly begins: readonly string[] } | null = null;

/** Of each event: its name and how its URL begins, as JSON. They change with the base alone. */
function eventBegins(base: string): readonly string[] {
  if (known?.base !== base) {
    const begins = told.map(
      (event) => `"${event}":${JSON.stringify(`${base}/api/v2/beacons/${event}?t=`).slice(0, -1)}`,
    );
    known = { base, begins };
  }
  return known.begins;
}
