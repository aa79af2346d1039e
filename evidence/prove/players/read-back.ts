import { createRequire } from 'node:module';
import { DOMParser } from '@xmldom/xmldom';
import { webUrl } from '../../../decision-api/dialects/escape.ts';
import type { AdBreak } from '../../../decision-api/dialects/vmap.ts';
import type { Draft, DraftSpare } from '../../../decision-api/draft.ts';
import { readVast } from '../../../simulator/read-vast.ts';

const load = createRequire(import.meta.url);

/** What a player's library makes of an ad. */
interface ReadAd {
  readonly id: string;
  readonly sequence: string | number | null;
  readonly VASTAdTagURI?: string;
  readonly creatives: readonly {
    readonly type: string;
    readonly id: string | null;
    readonly duration: number;
    readonly mediaFiles: readonly { readonly fileURL: string; readonly apiFramework: string | null }[];
  }[];
  readonly impressionURLTemplates: readonly (string | { readonly url: string })[];
}

interface Parser {
  parseVAST(document: unknown, options?: object): Promise<{ readonly ads: readonly ReadAd[] }>;
}

const { VASTParser } = load('@dailymotion/vast-client') as { VASTParser: new () => Parser };
const VMAP = load('@dailymotion/vmap') as new (
  document: unknown,
) => {
  readonly adBreaks: readonly {
    readonly timeOffset: string;
    readonly breakId: string;
    readonly adSource: { readonly adTagURI: { readonly uri: string } | null; readonly vastAdData: object | null };
  }[];
};

const xml = new DOMParser({ onError: () => undefined });

function parse(text: string): unknown {
  return xml.parseFromString(text, 'text/xml');
}

/** What is wrong with the documents of a draft, and what is not found in them; each null where there is nothing. */
export interface Read {
  readonly invalid: string | null;
  readonly mismatched: string | null;
  /** Elements by name. */
  readonly counts: ReadonlyMap<string, number>;
}

/** What of the decision a player's library does not find in the document, in its order; null: nothing. */
export async function vastMismatch(text: string, draft: Draft, version: string): Promise<string | null> {
  const { ads } = await new VASTParser().parseVAST(parse(text));
  const wanted: readonly DraftSpare[] =
    version === '2.0' ? draft.pod.ads : [...draft.pod.ads, ...(draft.backups ?? [])];
  const found = ads.map(({ id }) => id).join();
  const expected = wanted.map(({ ad_id }) => ad_id).join();
  if (found !== expected) return `ads ${found || 'none'} instead of ${expected || 'none'}`;
  const viewers = viewersMismatch(text, draft, wanted);
  if (viewers !== null) return viewers;
  for (const [at, ad] of wanted.entries()) {
    const fault = adMismatch(ads[at] as ReadAd, ad, at < draft.pod.ads.length && version !== '2.0' ? at + 1 : null);
    if (fault !== null) return `ad ${at + 1}: ${fault}`;
  }
  return null;
}

/** What our simulated viewers, who share no code with the writer, do not find. */
function viewersMismatch(text: string, draft: Draft, wanted: readonly DraftSpare[]): string | null {
  const pod = readVast(text);
  if (pod === null) return 'simulated viewers cannot read it';
  const found = [...pod.ads, ...pod.backups].map(({ ad_id }) => ad_id).join();
  const expected = wanted.map(({ ad_id }) => ad_id).join();
  if (found !== expected) return `to simulated viewers ads ${found || 'none'} instead of ${expected || 'none'}`;
  const shown = pod.ads.map(({ playable, duration_seconds }) => (playable ? duration_seconds : null)).join();
  const drafted = draft.pod.ads.map(({ shown, duration_seconds }) =>
    shown?.creative.vastTagUrl === undefined ? duration_seconds : null,
  );
  return shown === drafted.join() ? null : `to simulated viewers seconds ${shown} instead of ${drafted.join()}`;
}

function adMismatch(found: ReadAd, ad: DraftSpare, sequence: number | null): string | null {
  const creative = ad.shown?.creative;
  if (!creative) return 'nothing was drafted';
  if (sequence !== null && Number(found.sequence) !== sequence) return `sequence ${found.sequence}`;
  const [impression] = found.impressionURLTemplates;
  const url = typeof impression === 'string' ? impression : impression?.url;
  if (!url?.includes('/api/v2/beacons/impression?t=k1.')) return `impression ${url}`;
  if (creative.vastTagUrl !== undefined) {
    return found.VASTAdTagURI === webUrl(creative.vastTagUrl) ? null : `tag ${found.VASTAdTagURI}`;
  }
  const linear = found.creatives.find(({ type }) => type === 'linear');
  if (!linear || linear.id !== creative.id) return `creative ${linear?.id}`;
  if (linear.duration !== creative.durationSeconds) return `duration ${linear.duration}`;
  const files = linear.mediaFiles.filter(({ apiFramework }) => !apiFramework).map(({ fileURL }) => fileURL);
  const wanted = creative.media.map((file) => webUrl(file.url));
  return files.join() === wanted.join() ? null : `files ${files.join()} instead of ${wanted.join()}`;
}

/** What of a stream's breaks the library for VMAP does not find; null: nothing. */
export function vmapMismatch(text: string, wanted: readonly AdBreak[]): string | null {
  const { adBreaks } = new VMAP(parse(text));
  const found = adBreaks.map(({ breakId, timeOffset, adSource: { adTagURI, vastAdData } }) =>
    [breakId, timeOffset, adTagURI?.uri ?? (vastAdData === null ? 'nothing' : 'VAST')].join(' '),
  );
  const expected = wanted.map(({ id, timeOffset, source }) =>
    [id, timeOffset, 'tag' in source ? source.tag : 'VAST'].join(' '),
  );
  return found.join() === expected.join() ? null : `breaks ${found.join()} instead of ${expected.join()}`;
}
