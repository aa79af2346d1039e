import type { AdRequestParts, DecidedPod } from '../answer-request.ts';
import type { BreakEvent } from '../beacons/tokens.ts';
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

/** A break of a stream: where it is, and the tag that decides it later; null: it is decided now. */
export interface BreakTold {
  readonly id: string | null;
  readonly timeOffset: string;
  readonly tag: string | null;
}

/** Decided pods in the words of a dialect. VAST of several pods is refused before anything is decided. */
export function write(
  dialect: XmlDialect,
  pods: readonly DecidedPod[],
  style: AdStyle,
  breaks: readonly BreakTold[],
  { tokens, clock }: Pick<AdRequestParts, 'tokens' | 'clock'>,
): Written {
  const now = clock.now();
  const vast = ({ draft }: DecidedPod) => vastDocument(draft, tokens, style, now);
  const xml = (text: string) => ({ type: 'application/xml; charset=utf-8', text: xmlHead + text });
  if (dialect === 'vmap') {
    const decided = pods.values();
    return xml(
      vmapDocument(breaks.map((each, at) => breakOf(each, at, () => decided.next().value, vast, style, tokens))),
    );
  }
  const [first] = pods;
  if (!first) throw new Error('a request without pods is refused by its schema');
  if (dialect === 'vast') return xml(vast(first));
  return { type: 'application/json; charset=utf-8', text: assetList(first.draft, tokens, style.base) };
}

function breakOf(
  { id, timeOffset, tag }: BreakTold,
  at: number,
  next: () => DecidedPod | undefined,
  vast: (pod: DecidedPod) => string,
  { version, base }: AdStyle,
  tokens: AdRequestParts['tokens'],
): AdBreak {
  const pod = tag === null ? next() : undefined;
  const named = pod?.ask.breakId ?? id ?? `break-${at + 1}`;
  const requestId = pod?.draft.request_id ?? named;
  const told = (event: BreakEvent) => breakUrl(requestId, event, tokens, base);
  return {
    id: named,
    timeOffset,
    source: pod ? { vast: vast(pod) } : { tag: tag ?? '', templateType: `vast${version.slice(0, 1)}` },
    trackers: { breakStart: told('breakStart'), breakEnd: told('breakEnd'), error: told('breakError') },
  };
}

/**
 * Where the breaks of a body are: at their offsets, else the first at the start and the others one after the other. Throws Problem 400 for
 * an offset that VMAP cannot say.
 */
export function placesOf(body: AdRequestBody): readonly BreakTold[] {
  return offsetsOf(body).map((timeOffset) => ({ id: null, timeOffset, tag: null }));
}

function offsetsOf({ breaks, break: single }: AdRequestBody): readonly string[] {
  if (breaks === undefined) {
    const offset = single?.offset_seconds;
    return [offset === undefined || offset === 0 ? 'start' : timeOffset(offset, '/break/offset_seconds')];
  }
  return breaks.map(({ offset }, at) => {
    if (offset === undefined) return at === 0 ? 'start' : `#${at + 1}`;
    return offset === 0 ? 'start' : timeOffset(offset, `/breaks/${at}/offset`);
  });
}
