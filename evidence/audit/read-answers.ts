import type { BidFact, CallFact, SeenAd } from './calls.ts';
import { readToken } from './read-token.ts';
import type { Line } from './read-viewers.ts';
import { ours, podOfVast, podsOfVmap, type SeenPod } from './read-xml.ts';

/** What one call of viewers.jsonl says of one pod: a stream and a bid request ask for several at once. */
export interface PodAnswer {
  readonly requestId: string | null;
  readonly answer: CallFact['answer'];
  readonly holdSeconds?: number;
  readonly bids?: readonly BidFact[];
}

/** Why an exchange is refused before anything is decided: nothing is logged then. */
const undecided = new Set(['no_video', 'currency', 'private_auction', 'protocols', 'seat']);
const LATE = 'tmax';

export function refusedByWord(line: Line): boolean {
  return line.status === 204 && undecided.has(line.no_bid ?? '');
}

/** The decision was overtaken by the exchange's time: it is in the log, if it got so far, and what it reserved is given back. */
export function overtaken(line: Line): boolean {
  return line.status === 204 && line.no_bid === LATE;
}

/** The pods that a request asked for and what it was told of each. */
export function answersOf(line: Line): readonly PodAnswer[] {
  const { dialect = 'json' } = line;
  if (dialect === 'openrtb') return bidden(line);
  if (dialect === 'vmap') return streamed(line);
  const pod = dialect === 'json' ? null : dialect === 'vast' ? podOfXml(line.answer) : podOfAssets(line.answer);
  return [{ requestId: line.request_id, answer: named(line.request_id, pod) }];
}

function named(request_id: string | null, pod: SeenPod | null): CallFact['answer'] {
  if (pod === null || request_id === null) return null;
  return { request_id, ads: pod.ads, ...(pod.backups.length > 0 ? { backups: pod.backups } : {}) };
}

function podOfXml(answer: unknown): SeenPod | null {
  return typeof answer === 'string' ? podOfVast(answer) : null;
}

function streamed(line: Line): readonly PodAnswer[] {
  const asked = new URL(line.url).searchParams.get('breaks')?.split(',') ?? ['start'];
  const pods = typeof line.answer === 'string' ? podsOfVmap(line.answer) : null;
  const whole = pods?.length === asked.length;
  return asked.map((_, at) => {
    const requestId = line.request_id && `${line.request_id}/break-${at + 1}`;
    return { requestId, answer: named(requestId, whole ? (pods[at] ?? null) : null) };
  });
}

interface Slot {
  readonly duration: number;
  readonly identifiers: readonly { readonly value: string }[];
  readonly tracking: readonly { readonly type: string; readonly urls: readonly string[] }[];
}

interface Assets {
  readonly ASSETS?: readonly {
    readonly DURATION: number;
    readonly 'X-AD-CREATIVE-SIGNALING': { readonly payload: readonly Slot[] };
  }[];
}

/** An asset list names neither ad nor campaign: those stand in what was signed. */
function podOfAssets(answer: unknown): SeenPod | null {
  const { ASSETS } = (answer ?? {}) as Assets;
  if (!Array.isArray(ASSETS)) return null;
  let start = 0;
  const ads = (ASSETS as NonNullable<Assets['ASSETS']>).map((asset, at): SeenAd => {
    const [slot] = asset['X-AD-CREATIVE-SIGNALING'].payload;
    const urls = (slot?.tracking ?? []).flatMap(({ type, urls: all }) => all.map((url) => [type, url] as const));
    const tracking = ours(urls);
    const token = readToken(tracking.impression ?? '');
    const seen = {
      ad_id: token?.reservation ?? '',
      campaign_id: token?.campaign ?? '',
      creative_id: slot?.identifiers[0]?.value ?? '',
      advertiser_id: token?.advertiser ?? '',
      position: at + 1,
      start_seconds: start,
      duration_seconds: asset.DURATION === slot?.duration ? asset.DURATION : Number.NaN,
      tracking,
    };
    start += asset.DURATION;
    return seen;
  });
  return { ads, backups: [] };
}

interface BidRequest {
  readonly imp?: readonly {
    readonly id: string;
    readonly exp?: number;
    readonly bidfloor?: number;
    readonly video?: { readonly mincpmpersec?: number };
  }[];
}

interface Bid {
  readonly id: string;
  readonly impid: string;
  readonly price: number;
  readonly cid: string;
  readonly crid: string;
  readonly dur: number;
  readonly adm: string;
  readonly lurl: string;
}

function bidden(line: Line): readonly PodAnswer[] {
  const { imp = [] } = (typeof line.body === 'object' && line.body !== null ? line.body : {}) as BidRequest;
  if (imp.length === 0 || refusedByWord(line)) return [{ requestId: line.request_id, answer: null }];
  const { seatbid = [] } = (line.answer ?? {}) as { readonly seatbid?: readonly { readonly bid: readonly Bid[] }[] };
  const bids = seatbid.flatMap(({ bid }) => bid);
  const told = (line.status === 200 && bids.length > 0) || (line.status === 204 && !overtaken(line));
  return imp.map(({ id, exp, bidfloor = 0 }) => {
    const requestId = line.request_id && `${line.request_id}/${id}`;
    const own = bids.filter(({ impid }) => impid === id);
    const answer = told ? named(requestId, podOfBids(own)) : null;
    return {
      requestId,
      answer,
      ...(exp === undefined ? {} : { holdSeconds: exp }),
      bids: own.map(({ id: ad_id, cid, price }) => ({ ad_id, campaign_id: cid, price, floor: bidfloor })),
    };
  });
}

/** What a bid says of its ad, and what its markup says of it: two ads where they differ. */
function podOfBids(bids: readonly Bid[]): SeenPod | null {
  let start = 0;
  const ads: SeenAd[] = [];
  for (const [at, bid] of bids.entries()) {
    const pod = podOfVast(bid.adm);
    const inside = pod?.ads[0] ?? pod?.backups[0];
    if (!inside || inside.ad_id !== bid.id || inside.duration_seconds !== bid.dur) return null;
    ads.push({
      ...inside,
      campaign_id: bid.cid,
      creative_id: bid.crid === inside.creative_id ? bid.crid : '',
      position: at + 1,
      start_seconds: start,
      tracking: { ...inside.tracking, notUsed: bid.lurl },
    });
    start += bid.dur;
  }
  return { ads, backups: [] };
}
