import type { lookup } from 'node:dns';
import type { Tracker, Unwrapped } from '../../domain/creative.ts';
import { EngineError } from '../../engines/errors.ts';
import { fetchOutside } from '../../engines/http/fetch-outside.ts';
import { readAd } from './read-ad.ts';
import { type ReadTracker, type ReadWrapper, readVast, type Told } from './read-vast.ts';

/** What a chain of wrappers may cost us. */
export const chainLimits = {
  /** As many as players follow. */
  wrappers: 5,
  redirects: 3,
  /** All of it together. */
  ms: 5_000,
  /** Of one answer. */
  bytes: 512 * 1024,
  /** Of all trackers that are kept. */
  trackers: 300,
  /** Of verifications, icons and companions, each. */
  parts: 32,
} as const;

export interface FollowOptions {
  /** host:port of those inside this network that may be asked, and over plain HTTP too. */
  readonly allowed: readonly string[];
  /** Where our own tags are: a chain that leads there has no end. */
  readonly never: readonly string[];
  /** What macros are filled with. */
  readonly now: number;
  readonly unit: () => number;
  readonly ms?: number;
  readonly resolve?: typeof lookup;
  readonly ca?: string;
}

export interface Followed {
  readonly unwrapped: Unwrapped;
  /** How long it may be kept, in seconds; null: the ad does not say. */
  readonly expires: number | null;
  /** Events that nobody could be told. */
  readonly leftOut: readonly string[];
}

/**
 * Follows a tag through its wrappers to the ad. Throws EngineError with what is wrong: `refused` where asking again as soon will not help,
 * else `unavailable` or `timeout`. Nobody is told of a fault: no viewer is there to have seen it.
 */
export async function followTag(tag: string, durationSeconds: number, options: FollowOptions): Promise<Followed> {
  const signal = AbortSignal.timeout(options.ms ?? chainLimits.ms);
  const passed: ReadWrapper[] = [];
  const asked = new Set<string>();
  let next = tag;
  for (;;) {
    if (asked.has(next)) throw new EngineError('refused', 'its wrappers lead round in a circle');
    asked.add(next);
    const read = readVast(await documentAt(next, signal, options));
    if (read === null) throw new EngineError('unavailable', 'it has no ad now');
    if (read.kind === 'inline') return endOf(tag, durationSeconds, passed, read);
    if (passed.length === chainLimits.wrappers) throw new EngineError('refused', `more than ${passed.length} wrappers`);
    if (passed.at(-1)?.further === false) throw new EngineError('refused', 'a wrapper wants no other behind it');
    passed.push(read);
    next = read.next;
  }
}

async function documentAt(tag: string, signal: AbortSignal, options: FollowOptions): Promise<string> {
  const answer = await fetchOutside(withMacros(tag, options), {
    ...options,
    signal,
    bytesMax: chainLimits.bytes,
    redirectsMax: chainLimits.redirects,
    headers: { accept: 'application/xml, text/xml', 'user-agent': 'Breakwater/1.0 (unwraps VAST ahead of time)' },
  });
  if (answer.status === 204) throw new EngineError('unavailable', 'it has no ad now');
  if (answer.status !== 200) throw new EngineError('unavailable', `it answered ${answer.status}`);
  return answer.text;
}

/** No viewer is there yet: what is not about the moment is not known, which VAST writes as -1. */
function withMacros(tag: string, { now, unit }: FollowOptions): string {
  return tag.replace(/\[([A-Z][A-Z0-9_]*)\]/g, (_, name: string) => {
    if (name === 'CACHEBUSTING') return String(10_000_000 + Math.floor(unit() * 90_000_000));
    return name === 'TIMESTAMP' ? encodeURIComponent(new Date(now).toISOString()) : '-1';
  });
}

function endOf(
  tag: string,
  durationSeconds: number,
  passed: readonly ReadWrapper[],
  read: Exclude<ReturnType<typeof readVast>, ReadWrapper | null>,
): Followed {
  const ad = readAd(read);
  if (ad.durationSeconds !== durationSeconds)
    throw new EngineError('refused', `the ad has ${ad.durationSeconds} s, the creative ${durationSeconds} s`);
  const blocked = passed.flatMap(({ blockedCategories }) => blockedCategories);
  const found = read.categories.find((each) => blocked.includes(each));
  if (found !== undefined) throw new EngineError('refused', `a wrapper blocks the ad's category ${found.slice(0, 40)}`);
  const chain: readonly Told[] = [...passed, read];
  const trackers = chain.flatMap((each) => each.trackers).map((each) => trackerOf(each, durationSeconds));
  // None of them can be left out: somebody would count less than was seen.
  if (trackers.length > chainLimits.trackers)
    throw new EngineError('refused', `it has more than ${chainLimits.trackers} trackers`);
  return {
    unwrapped: {
      tag,
      wrappers: passed.length,
      ...ad,
      ...(trackers.length === 0 ? {} : { trackers }),
      ...all('verifications', chain),
      ...all('icons', chain),
      ...all('companions', chain),
    },
    expires: read.expires,
    leftOut: [...new Set(chain.flatMap((each) => each.leftOut))],
  };
}

function trackerOf({ event, url, offset }: ReadTracker, durationSeconds: number): Tracker {
  if (offset === null) return { event, url };
  return {
    event,
    url,
    offsetSeconds: Math.round('seconds' in offset ? offset.seconds : offset.part * durationSeconds),
  };
}

function all<K extends 'verifications' | 'icons' | 'companions'>(key: K, chain: readonly Told[]): Pick<Unwrapped, K> {
  const found = chain.flatMap((each): readonly unknown[] => each[key]).slice(0, chainLimits.parts);
  return (found.length === 0 ? {} : { [key]: found }) as unknown as Pick<Unwrapped, K>;
}
