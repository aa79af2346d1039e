import type { Creative } from './creative.ts';

/** Whether a creative is to be served as what its tag led to. */
export function isUnwrapped({ unwrap, unwrapped, vastTagUrl, durationSeconds }: Creative): boolean {
  return (
    unwrap === true &&
    unwrapped?.tag === vastTagUrl &&
    vastTagUrl !== undefined &&
    unwrapped?.durationSeconds === durationSeconds
  );
}

/**
 * The creative as it is served: with the files of what its tag led to, where that is known, else as it is. What the creative says itself
 * comes first, then what the outermost wrapper says, the ad itself last: so trackers stay in the order of the chain.
 */
export function asServed(creative: Creative): Creative {
  const { unwrapped, vastTagUrl: _, ...own } = creative;
  if (unwrapped === undefined || !isUnwrapped(creative)) return creative;
  const { tag, wrappers, durationSeconds, media, clickThrough, trackers, verifications, icons, ...theirs } = unwrapped;
  return {
    ...theirs,
    ...own,
    unwrapped,
    media,
    clickThrough: own.clickThrough ?? clickThrough,
    ...joined('trackers', own.trackers, trackers),
    ...joined('verifications', own.verifications, verifications),
    ...joined('icons', own.icons, icons),
  };
}

function joined<K extends string, T>(key: K, first: readonly T[] = [], second: readonly T[] = []) {
  const all: readonly T[] = [...first, ...second];
  return all.length === 0 ? {} : ({ [key]: all } as { [P in K]: readonly T[] });
}
