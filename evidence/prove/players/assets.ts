import { webUrl } from '../../../decision-api/dialects/escape.ts';
import type { Draft } from '../../../decision-api/draft.ts';

interface Slot {
  readonly type: string;
  readonly start: number;
  readonly duration: number;
  readonly tracking: readonly { readonly type: string; readonly offset?: number; readonly urls: readonly string[] }[];
}

/** What of the decision an asset list does not have, or has against what it means; null: nothing. */
export function assetMismatch(
  list: { readonly ASSETS: readonly Record<string, unknown>[] },
  draft: Draft,
): string | null {
  const wanted = draft.pod.ads.flatMap(({ shown, duration_seconds }) => {
    const file = shown?.creative.media.find(({ type }) => type === 'application/x-mpegURL');
    return file ? [`${webUrl(file.url)} ${duration_seconds}`] : [];
  });
  const found = list.ASSETS.map(({ URI, DURATION }) => `${URI} ${DURATION}`);
  if (found.join() !== wanted.join()) return `assets ${found.join()} instead of ${wanted.join()}`;
  for (const asset of list.ASSETS) {
    const { version, type, payload } = asset['X-AD-CREATIVE-SIGNALING'] as Record<string, unknown>;
    const [slot, ...more] = payload as readonly Slot[];
    if (version !== 2 || type !== 'slot' || !slot || more.length > 0 || slot.type !== 'linear') return 'no linear slot';
    if (slot.start !== 0 || slot.duration !== asset.DURATION) return 'a slot of another length';
    const urls = slot.tracking.flatMap((each) => each.urls);
    if (!urls.every((url) => /^https?:\/\//.test(url))) return 'a tracker that is no web address';
    const offsets = slot.tracking.flatMap(({ offset }) => offset ?? []);
    if (!offsets.every((offset) => Number.isFinite(offset) && offset >= 0)) return 'an impossible offset';
    if (!slot.tracking.some((each) => each.type === 'impression')) return 'no impression';
  }
  return null;
}
