import type { Decision } from './decision.ts';
import { backupsOf, type Held, podOf } from './decision.ts';
import type { NoFillReason } from './reasons.ts';
import { type TokenLives, tokenOf } from './record.ts';
import { beaconEvents, type Tokens } from './tokens.ts';

/** An answer before its tracking URLs are signed: a third of the size, and what is kept for a repeated request_id (`draftText`). */
export interface Draft {
  readonly request_id: string;
  readonly pod: {
    readonly duration_seconds: number;
    readonly filled_seconds: number;
    readonly ads: readonly DraftAd[];
  };
  /** Only where they were asked for: each may take the place of any ad that fails. */
  readonly backups?: readonly DraftAd[];
  readonly no_fill_reason: NoFillReason | null;
  readonly warnings: readonly Warning[];
}

export interface Warning {
  readonly pointer: string;
  readonly detail: string;
}

/** An ad of an answer. */
export interface DraftAd {
  readonly ad_id: string;
  readonly campaign_id: string;
  /** All of it but its tracking URLs: a JSON object without its closing brace. */
  readonly told: string;
  /** `<keyId>.<base64url facts>` of its tracking URLs. */
  readonly facts: string;
}

export function draftOf(
  decision: Decision,
  noFill: NoFillReason | null,
  warnings: readonly Warning[],
  tokens: Tokens,
  lives: TokenLives,
): Draft {
  const { rules } = decision.ask;
  const draftAd = (held: Held, position: number, where: string): DraftAd => {
    const { entrant, facts } = held.runner;
    const ad_id = held.wanted.place.reservation;
    return {
      ad_id,
      campaign_id: entrant.campaign.id,
      told: `{"ad_id":"${ad_id}",${facts.told}${where}`,
      facts: tokens.facts(tokenOf(decision, held, position, lives)),
    };
  };
  return {
    request_id: decision.ask.requestId,
    pod: {
      duration_seconds: rules.durationSeconds,
      filled_seconds: decision.solution?.filledSeconds ?? 0,
      ads: podOf(decision).map(({ held, startSeconds }, index) =>
        draftAd(held, index + 1, `,"position":${index + 1},"start_seconds":${startSeconds}`),
      ),
    },
    ...(rules.backupAds > 0 ? { backups: backupsOf(decision).map((held) => draftAd(held, 0, '')) } : {}),
    no_fill_reason: noFill,
    warnings,
  };
}

/** A draft as JSON text: `facts` stand where an answer has the tracking URLs. */
export function draftText({ backups, pod, ...rest }: Draft): string {
  const ad = ({ told, facts }: DraftAd) => `${told},"facts":${JSON.stringify(facts)}}`;
  const { ads, ...about } = pod;
  const spares = backups === undefined ? '' : `,"backups":${listed(backups, ad)}`;
  return `${opened(JSON.stringify(rest))},"pod":${opened(JSON.stringify(about))},"ads":${listed(ads, ad)}}${spares}}`;
}

/** Reads what draftText wrote. */
export function readDraft(text: string): Draft {
  const { backups, pod, ...rest } = JSON.parse(text) as Draft & {
    readonly pod: { readonly ads: readonly KeptAd[] };
    readonly backups?: readonly KeptAd[];
  };
  return {
    ...rest,
    pod: { ...pod, ads: pod.ads.map(readAd) },
    ...(backups === undefined ? {} : { backups: backups.map(readAd) }),
  };
}

type KeptAd = Omit<DraftAd, 'told'>;

function readAd({ facts, ...ad }: KeptAd): DraftAd {
  return { ad_id: ad.ad_id, campaign_id: ad.campaign_id, told: opened(JSON.stringify(ad)), facts };
}

function listed(ads: readonly DraftAd[], write: (ad: DraftAd) => string): string {
  let text = '[';
  for (const [at, ad] of ads.entries()) text += at === 0 ? write(ad) : `,${write(ad)}`;
  return `${text}]`;
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
  readonly explain?: object | null;
  /** False: the warnings stand elsewhere. */
  readonly warnings?: boolean;
}

/** The answer as players get it, as JSON text: most of it is tracking URLs, which need no writer of objects. `base`: how these begin. */
export function answerText(draft: Draft, tokens: Tokens, base: string, around: Around = {}): string {
  const { backups, pod, warnings, ...rest } = draft;
  const { ads, ...about } = pod;
  const begins = eventBegins(base);
  const tracked = (all: readonly DraftAd[]) => listed(all, (ad) => adText(ad, tokens, begins));
  const first = JSON.stringify({ ...around.before, ...rest, ...(around.warnings === false ? {} : { warnings }) });
  const spares = backups === undefined ? '' : `,"backups":${tracked(backups)}`;
  const explain = around.explain ? `,"explain":${JSON.stringify(around.explain)}` : '';
  return `${opened(first)},"pod":${opened(JSON.stringify(about))},"ads":${tracked(ads)}}${spares}${explain}}`;
}

/** An object's text, to which more is to be added. */
function opened(json: string): string {
  return json.slice(0, -1);
}

function adText({ told, facts }: DraftAd, tokens: Tokens, begins: readonly string[]): string {
  const { begin, mac } = tokens.signAll(facts);
  const shared = JSON.stringify(begin).slice(1, -1);
  let urls = '';
  for (let place = 0; place < begins.length; place++) urls += begins[place] + shared + mac(place) + ends[place];
  return `${told},"tracking":{${urls}}}`;
}

const ends = beaconEvents.map((event, place) => {
  const more = event === 'error' ? '&code=[ERRORCODE]' : '';
  return `&cb=[CACHEBUSTING]${more}"${place < beaconEvents.length - 1 ? ',' : ''}`;
});

let known: { readonly base: string; readonly begins: readonly string[] } | null = null;

/** Of each event: its name and how its URL begins, as JSON. They change with the base alone. */
function eventBegins(base: string): readonly string[] {
  if (known?.base !== base) {
    const begins = beaconEvents.map(
      (event) => `"${event}":${JSON.stringify(`${base}/api/v2/beacons/${event}?t=`).slice(0, -1)}`,
    );
    known = { base, begins };
  }
  return known.begins;
}
