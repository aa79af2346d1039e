import type { ServedAd, ServedBreak, ServedPod } from './call.ts';
import { inTurn, readVast } from './read-vast.ts';

/** The pod of POST /api/v2/ad-request. Null: it is none. */
export function readPod(read: unknown): ServedPod | null {
  if (!isObject(read) || !isObject(read.pod)) return null;
  const { filled_seconds, ads } = read.pod;
  const { backups = [] } = read;
  if (typeof filled_seconds !== 'number' || !Array.isArray(ads) || !Array.isArray(backups)) return null;
  const pod = ads.map((ad) => (isObject(ad) && typeof ad.start_seconds === 'number' ? plainAd(ad) : null));
  const spares = backups.map((ad) => (isObject(ad) ? plainAd(ad) : null));
  if (pod.includes(null) || spares.includes(null)) return null;
  return { filled_seconds, ads: pod.flatMap((ad) => ad ?? []), backups: spares.flatMap((ad) => ad ?? []) };
}

function plainAd(ad: Record<string, unknown>): ServedAd | null {
  const { ad_id, creative_id, duration_seconds, tracking } = ad;
  if (typeof ad_id !== 'string' || typeof creative_id !== 'string' || typeof duration_seconds !== 'number') return null;
  if (!isObject(tracking)) return null;
  const urls = Object.entries(tracking).map(([event, url]) => [event, typeof url === 'string' ? [url] : []]);
  return {
    ...{ ad_id, creative_id, duration_seconds },
    start_seconds: typeof ad.start_seconds === 'number' ? ad.start_seconds : 0,
    tracking: Object.fromEntries(urls),
    ...PLAIN,
  };
}

const PLAIN = { told: [], playable: true, lossUrl: null } as const;

/** The asset list of an HLS interstitial, its trackers in SVTA's creative signalling. Null: it is none. */
export function readAssets(read: unknown): ServedPod | null {
  if (!isObject(read) || !Array.isArray(read.ASSETS)) return null;
  const assets = read.ASSETS.map(assetOf);
  if (assets.includes(null)) return null;
  const ads = inTurn(assets.flatMap((ad) => ad ?? []));
  return { filled_seconds: ads.reduce((sum, ad) => sum + ad.duration_seconds, 0), ads, backups: [] };
}

function assetOf(asset: unknown): Omit<ServedAd, 'start_seconds'> | null {
  if (!isObject(asset) || typeof asset.URI !== 'string' || typeof asset.DURATION !== 'number') return null;
  const signal = asset['X-AD-CREATIVE-SIGNALING'];
  const [slot] = isObject(signal) && Array.isArray(signal.payload) ? signal.payload : [];
  if (!isObject(slot) || !Array.isArray(slot.tracking)) return null;
  const [identifier] = Array.isArray(slot.identifiers) ? slot.identifiers : [];
  const tracking: Record<string, string[]> = {};
  for (const { type, urls } of slot.tracking as { type: string; urls: string[] }[]) {
    tracking[type] = [...(tracking[type] ?? []), ...urls];
  }
  return {
    ad_id: null,
    creative_id: isObject(identifier) ? String(identifier.value) : asset.URI,
    duration_seconds: asset.DURATION,
    tracking,
    told: tracking.creativeView ? [{ event: 'creativeView', atSeconds: 0 }] : [],
    playable: true,
    lossUrl: null,
  };
}

/** The bids of an OpenRTB response, in order, each with the VAST of its markup and what to call when it loses. Null: unreadable. */
export function readBids(read: unknown): ServedPod | null {
  if (!isObject(read) || !Array.isArray(read.seatbid)) return null;
  const bids = read.seatbid.flatMap((seat) => (isObject(seat) && Array.isArray(seat.bid) ? seat.bid : [null]));
  const found = bids.map((bid) => {
    if (!isObject(bid) || typeof bid.adm !== 'string' || !(Number(bid.price) > 0)) return null;
    const pod = readVast(bid.adm);
    const ad = pod?.ads[0] ?? pod?.backups[0];
    return ad ? { ...ad, lossUrl: typeof bid.lurl === 'string' ? bid.lurl : null } : null;
  });
  if (found.includes(null)) return null;
  const ads = inTurn(found.flatMap((ad) => ad ?? []));
  return { filled_seconds: ads.reduce((sum, ad) => sum + ad.duration_seconds, 0), ads, backups: [] };
}

/** One pod and nothing around it. */
export function alone(pod: ServedPod | null): readonly ServedBreak[] | null {
  return pod && [{ atSeconds: 0, pod }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
