import type { ServedAd, ServedBreak, ServedPod } from './call.ts';
import { type Dice, unitOf } from './random.ts';

/** Something that happens at the player while a pod is on. */
export interface Moment {
  readonly ad: ServedAd;
  readonly event: string;
  /** From the beginning of what is watched, ms of the run. */
  readonly afterMs: number;
  /** Played of this ad, ms of the ad's own time; null where nothing played. */
  readonly viewMs: number | null;
  /** VAST error code, or null. */
  readonly code: number | null;
  /** False: the viewer has left, so it is never sent. */
  readonly sent: boolean;
}

/** How an audience takes to a creative: stable for its id, so that there is something to learn. */
export interface Appeal {
  /** 0.005 to about 0.065, 0.02 on average. */
  readonly click: number;
  /** Chance of being watched to the end, 0.7 to 0.98. */
  readonly completion: number;
}

const QUARTILES = [
  ['firstQuartile', 0.25],
  ['midpoint', 0.5],
  ['thirdQuartile', 0.75],
  ['complete', 1],
] as const;
/** How many ads cannot be played. */
const FAILING = 0.015;
const FAILING_WITH_BACKUPS = 0.08;
const ERROR_UNPLAYABLE = 405;
const ERROR_NOTHING_BEHIND = 303;
const ERROR_TIMEOUT = 402;

export function appealOf(creativeId: string): Appeal {
  return {
    click: 0.005 + 0.06 * unitOf(`${creativeId}/click`) ** 3,
    completion: 0.7 + 0.28 * unitOf(`${creativeId}/completion`),
  };
}

/** What is told of ads, and of the breaks around them. */
export interface Watched {
  readonly moments: readonly Moment[];
  readonly told: readonly { readonly event: string; readonly url: string; readonly afterMs: number }[];
}

/**
 * What becomes of all pods of an answer: what is between them plays too, and once the viewer has left nobody sees those that come.
 * @param compress how many times faster than life it plays
 */
export function watch(dice: Dice, breaks: readonly ServedBreak[], compress: number): Watched {
  const moments: Moment[] = [];
  const told: Watched['told'][number][] = [];
  let playedMs = 0;
  let left = false;
  for (const { atSeconds, pod, tracking = {} } of breaks) {
    const beginMs = (Math.max(0, atSeconds) * 1000) / compress + playedMs;
    const tell = (event: string, afterMs: number, urls = tracking[event] ?? []) => {
      for (const url of urls) told.push({ event, url, afterMs });
    };
    if (!left) tell('breakStart', beginMs);
    if (!left && pod.ads.length === 0) {
      tell('error', beginMs);
      tell('error', beginMs, pod.errorUrls ?? []);
    }
    const played = play(dice, pod, compress, left);
    moments.push(...played.moments.map((moment) => ({ ...moment, afterMs: moment.afterMs + beginMs })));
    left = played.left;
    playedMs += (pod.filled_seconds * 1000) / compress;
    if (!left) tell('breakEnd', beginMs + (pod.filled_seconds * 1000) / compress);
  }
  return { moments, told };
}

/**
 * What becomes of a pod: each ad is played to its end, skipped, left in its middle, or fails, and then a backup is played if there is one; with a viewer who
 * leaves, the rest of the pod stays unseen.
 * @param compress how many times faster than life it plays
 */
export function play(
  dice: Dice,
  pod: ServedPod,
  compress: number,
  goneBefore = false,
): { readonly moments: readonly Moment[]; readonly left: boolean } {
  const moments: Moment[] = [];
  let left = goneBefore;
  const tidyPlayer = dice.chance(0.5);
  // Who asks for backups knows why.
  const failing = pod.backups.length > 0 ? FAILING_WITH_BACKUPS : FAILING;
  const backups = [...pod.backups];
  for (const ad of pod.ads) {
    if (left) {
      moments.push(...unseen(ad, compress, tidyPlayer));
      continue;
    }
    const failed = dice.chance(failing) || !ad.playable;
    if (failed) moments.push(unplayable(ad, compress));
    const backup = failed ? backups.shift() : undefined;
    if (failed && backup === undefined) continue;
    const played = playAd(dice, backup ? { ...backup, start_seconds: ad.start_seconds } : ad, compress);
    moments.push(...played.moments);
    left = played.left;
  }
  if (tidyPlayer) for (const ad of backups) moments.push(...unseen({ ...ad, start_seconds: 0 }, compress, true));
  return { moments, left };
}

function unseen(ad: ServedAd, compress: number, tidyPlayer: boolean): Moment[] {
  const nothing = { ad, afterMs: (ad.start_seconds * 1000) / compress, viewMs: null, code: null };
  return tidyPlayer
    ? [{ ...nothing, event: 'notUsed', sent: true }]
    : [{ ...nothing, event: 'impression', sent: false }];
}

function unplayable(ad: ServedAd, compress: number): Moment {
  const afterMs = (ad.start_seconds * 1000) / compress;
  const code = ad.playable ? ERROR_UNPLAYABLE : ERROR_NOTHING_BEHIND;
  return { ad, event: 'error', afterMs, viewMs: null, code, sent: true };
}

function playAd(dice: Dice, ad: ServedAd, compress: number): { moments: Moment[]; left: boolean } {
  const lengthMs = ad.duration_seconds * 1000;
  const startMs = ad.start_seconds * 1000;
  const at = (share: number, event: string, sent = true, code: number | null = null): Moment => ({
    ad,
    event,
    afterMs: (startMs + share * lengthMs) / compress,
    viewMs: Math.round(share * lengthMs),
    code,
    sent,
  });
  const appeal = appealOf(ad.creative_id);
  const moments = [at(0, 'impression'), at(0.01, 'start'), ...interruptions(dice, at)];
  const clicked = dice.chance(appeal.click);
  const clickAt = 0.1 + 0.85 * dice.unit();
  const ending = endOf(dice, appeal);
  for (const [event, share] of QUARTILES) {
    if (share <= ending.share) moments.push(at(share, event));
    else if (ending.how === 'leave') moments.push(at(share, event, false));
  }
  if (clicked && clickAt < ending.share) moments.push(at(clickAt, 'click'));
  for (const { event, atSeconds } of ad.told) {
    const share = atSeconds / ad.duration_seconds;
    if (share <= ending.share) moments.push(at(share, event));
  }
  if (ending.how === 'skip') moments.push(at(ending.share, 'skip'));
  if (ending.how === 'break') moments.push(at(ending.share, 'error', true, ERROR_TIMEOUT));
  return { moments, left: ending.how === 'leave' };
}

type Ending = { readonly how: 'whole' | 'leave' | 'skip' | 'break'; readonly share: number };

function endOf(dice: Dice, appeal: Appeal): Ending {
  if (dice.chance(appeal.completion)) return { how: 'whole', share: 1 };
  const share = 0.05 + 0.9 * dice.unit();
  return { how: dice.weighted([leaves, skips, breaks]), share };
}

const leaves = { value: 'leave', weight: 55 } as const;
const skips = { value: 'skip', weight: 40 } as const;
const breaks = { value: 'break', weight: 5 } as const;

function interruptions(dice: Dice, at: (share: number, event: string) => Moment): Moment[] {
  const moments: Moment[] = [];
  if (dice.chance(0.03)) {
    moments.push(at(0.03, 'mute'));
    if (dice.chance(0.6)) moments.push(at(0.045, 'unmute'));
  }
  if (dice.chance(0.03)) moments.push(at(0.02, 'pause'), at(0.04, 'resume'));
  return moments;
}
