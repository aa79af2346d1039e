import type { AdRequestParts, DecidedPod } from '../answer-request.ts';
import type { AdRequestBody } from '../routes/ad-request-schema.ts';
import { assetList } from './asset-list.ts';
import { timeOffset } from './breaks.ts';
import type { Dialect } from './dialect.ts';
import type { AdStyle } from './vast/ad.ts';
import { breakUrl, vastDocument, xmlHead } from './vast/document.ts';
import { type AdBreak, vmapDocument } from './vmap.ts';

export interface Written {
  readonly type: string;
  readonly text: string;
}

type XmlDialect = Exclude<Dialect, 'json' | 'v1' | 'openrtb'>;

/** Decided pods in the words of a dialect. VAST of several pods is refused before anything is decided. */
export function write(
  dialect: XmlDialect,
  pods: readonly DecidedPod[],
  style: AdStyle,
  places: readonly string[],
  { tokens, clock }: Pick<AdRequestParts, 'tokens' | 'clock'>,
): Written {
  const [first] = pods;
  if (!first) throw new Error('a request without pods is refused by its schema');
  if (dialect === 'asset-list') {
    return { type: 'application/json; charset=utf-8', text: assetList(first.draft, tokens, style.base) };
  }
  const now = clock.now();
  const vast = ({ draft }: DecidedPod) => vastDocument(draft, tokens, style, now);
  if (dialect === 'vast') return { type: 'application/xml; charset=utf-8', text: xmlHead + vast(first) };
  const breaks = pods.map((pod, at) => ({
    id: pod.ask.breakId ?? `break-${at + 1}`,
    timeOffset: places[at] ?? 'start',
    vast: vast(pod),
    trackers: trackersOf(pod, tokens, style.base),
  }));
  return { type: 'application/xml; charset=utf-8', text: xmlHead + vmapDocument(breaks) };
}

function trackersOf({ draft }: DecidedPod, tokens: AdRequestParts['tokens'], base: string): AdBreak['trackers'] {
  return {
    breakStart: breakUrl(draft, 'breakStart', tokens, base),
    breakEnd: breakUrl(draft, 'breakEnd', tokens, base),
    error: breakUrl(draft, 'breakError', tokens, base),
  };
}

/** Where the breaks of a body are: at their offsets, else the first at the start and the others one after the other. */
export function placesOf({ breaks, break: single }: AdRequestBody): readonly string[] {
  if (breaks === undefined) {
    const offset = single?.offset_seconds;
    return [offset === undefined || offset === 0 ? 'start' : timeOffset(offset)];
  }
  return breaks.map(({ offset }, at) => {
    if (offset === undefined) return at === 0 ? 'start' : `#${at + 1}`;
    return offset === 0 ? 'start' : timeOffset(offset);
  });
}
