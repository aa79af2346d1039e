import type { Decision } from './decision.ts';
import { backupsOf, type Held, podOf } from './decision.ts';
import type { NoFillReason } from './reasons.ts';
import { type TokenLives, tokenOf } from './record.ts';
import { beaconEvents, type Tokens } from './tokens.ts';

/** An answer before its tracking URLs are signed: a third of the size, and what is kept for a repeated request_id. */
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

interface DraftSpare {
  readonly ad_id: string;
  readonly campaign_id: string;
  readonly creative_id: string;
  readonly advertiser_id: string;
  readonly duration_seconds: number;
  readonly media: readonly object[];
  readonly click_through: string | null;
  /** `<keyId>.<base64url facts>` of its tracking URLs. */
  readonly facts: string;
}

interface DraftAd extends DraftSpare {
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
  const spare = (held: Held, position: number): DraftSpare => {
    const { campaign } = held.runner.entrant;
    const { creative } = held.runner;
    return {
      ad_id: held.wanted.place.reservation,
      campaign_id: campaign.id,
      creative_id: creative.id,
      advertiser_id: campaign.advertiserId,
      duration_seconds: creative.durationSeconds,
      media: creative.media.map(({ bitrateKbps, ...file }) => ({ ...file, bitrate_kbps: bitrateKbps })),
      click_through: creative.clickThrough,
      facts: tokens.facts(tokenOf(decision, held, position, lives)),
    };
  };
  const { rules } = decision.ask;
  return {
    request_id: decision.ask.requestId,
    pod: {
      duration_seconds: rules.durationSeconds,
      filled_seconds: decision.solution?.filledSeconds ?? 0,
      ads: podOf(decision).map(({ held, startSeconds }, index) => ({
        ...spare(held, index + 1),
        position: index + 1,
        start_seconds: startSeconds,
      })),
    },
    ...(rules.backupAds > 0 ? { backups: backupsOf(decision).map((held) => spare(held, 0)) } : {}),
    no_fill_reason: noFill,
    warnings,
  };
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

/** The answer as players get it. `base`: how tracking URLs begin. */
export function answerOf(draft: Draft, tokens: Tokens, base: string): object {
  const tracked = <Ad extends DraftSpare>({ facts, ...ad }: Ad) => ({
    ...ad,
    tracking: trackingOf(facts, tokens, base),
  });
  const { backups, pod, ...rest } = draft;
  const answer = { ...rest, pod: { ...pod, ads: pod.ads.map(tracked) } };
  return backups === undefined ? answer : { ...answer, backups: backups.map(tracked) };
}

function trackingOf(facts: string, tokens: Tokens, base: string): Readonly<Record<string, string>> {
  const urls: Record<string, string> = {};
  for (const event of beaconEvents) {
    const url = `${base}/api/v2/beacons/${event}?t=${tokens.sign(event, facts)}&cb=[CACHEBUSTING]`;
    urls[event] = event === 'error' ? `${url}&code=[ERRORCODE]` : url;
  }
  return urls;
}
