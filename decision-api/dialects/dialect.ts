import type { Campaign } from '../../domain/campaign.ts';
import type { Creative } from '../../domain/creative.ts';
import type { CreativeFacts } from '../catalog/campaign-facts.ts';
import type { Reason } from '../reasons.ts';
import { webUrl } from './escape.ts';
import { isSecure } from './fetched.ts';

/** The languages that a decision is told in; the log's word for each. */
export type Dialect = 'json' | 'v1' | 'vast' | 'vmap' | 'asset-list' | 'openrtb';

export type Admissible = Pick<CreativeFacts, 'creative' | 'hasFiles'>;

/** What a request allows beside its pod's rules, because its dialect or its caller has no use for more. */
export interface Admission {
  /** Null: allowed. Asked of every creative that can be shown and whose campaign matched. */
  admits(one: Admissible, campaign: Campaign): Reason | null;
  /** Whether an impression of so many seconds, of this expected value in micros, is above the caller's floor; absent: there is none. */
  clears?(campaign: Campaign, valueMicros: number, durationSeconds: number): boolean;
}

/** What is known of a creative until its campaign changes. */
interface Playable {
  /** It has a file with a URL that may be emitted. */
  readonly file: boolean;
  readonly hls: boolean;
  readonly tag: string | null;
  readonly secure: boolean;
}

const known = new WeakMap<Creative, Playable>();

export function playableOf(creative: Creative): Playable {
  const found = known.get(creative);
  if (found) return found;
  const files = creative.media.filter(({ url }) => webUrl(url) !== null);
  const playable = {
    file: files.length > 0,
    hls: files.some(isHls),
    tag: creative.vastTagUrl === undefined ? null : webUrl(creative.vastTagUrl),
    secure: isSecure(creative),
  };
  known.set(creative, playable);
  return playable;
}

export function isHls({ type }: { readonly type: string }): boolean {
  return /^application\/(x-mpegurl|vnd\.apple\.mpegurl)$/i.test(type);
}

/** Who reads no VAST cannot follow a third party's tag. */
export const plainFiles: Admission = {
  admits: ({ hasFiles }) => (hasFiles ? null : 'not_playable'),
};

/** Who has no word for others' trackers is given nothing whose trackers are all that its owner ever hears. */
export const ownFiles: Admission = {
  admits: ({ hasFiles, creative }) => (hasFiles && creative.unwrapped === undefined ? null : 'not_playable'),
};

export const hlsFiles: Admission = {
  admits: ({ creative }) => (playableOf(creative).hls ? null : 'not_playable'),
};

/** At so many wrappers around it a player follows no more. */
export const WRAPPERS_MAX = 5;

/** Files, and tags while the caller is not too deep in wrappers already; none that leads back to us. */
export function vastFiles(base: string, wrappers: number): Admission {
  const own = URL.parse(base)?.origin;
  return {
    admits({ creative }) {
      const { file, tag } = playableOf(creative);
      if (creative.vastTagUrl === undefined) return file ? null : 'not_playable';
      if (tag === null) return 'not_playable';
      if (wrappers >= WRAPPERS_MAX) return 'too_many_wrappers';
      return URL.parse(tag.replace(/\[[^\]]*\]/g, '1'))?.origin === own ? 'wrapper_loop' : null;
    },
  };
}
