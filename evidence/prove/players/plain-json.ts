import type { Draft, DraftSpare } from '../../../decision-api/draft.ts';
import { base } from './generate.ts';

/** The events that an answer in JSON has URLs for, in their order. */
const events =
  'impression start firstQuartile midpoint thirdQuartile complete click mute unmute pause resume skip error notUsed creativeView rewind closeLinear acceptInvitation viewable progress'.split(
    ' ',
  );

type Ad = Readonly<Record<string, unknown>> & { readonly tracking: Readonly<Record<string, string>> };

/** What of the decision an answer in JSON does not say, or says otherwise; null: nothing. */
export function jsonMismatch(text: string, draft: Draft): string | null {
  const read = JSON.parse(text) as { readonly pod: { readonly ads: readonly Ad[] }; readonly backups?: readonly Ad[] };
  return (
    saidMismatch('answer', read, { request_id: draft.request_id, no_fill_reason: draft.no_fill_reason }) ??
    saidMismatch('pod', { ...read.pod }, { filled_seconds: draft.pod.filled_seconds }) ??
    adsMismatch(read.pod.ads, draft.pod.ads) ??
    adsMismatch(read.backups ?? [], draft.backups ?? [])
  );
}

function adsMismatch(found: readonly Ad[], wanted: readonly DraftSpare[]): string | null {
  if (found.length !== wanted.length) return `${found.length} ads instead of ${wanted.length}`;
  for (const [at, ad] of found.entries()) {
    const { facts: _, shown: __, told: ___, media: ____, ...said } = wanted[at] as DraftSpare;
    const fault = saidMismatch(`ad ${at + 1}`, ad, said);
    if (fault !== null) return fault;
    if (Object.keys(ad.tracking).join() !== events.join()) return `events ${Object.keys(ad.tracking).join()}`;
    const odd = Object.entries(ad.tracking).find(
      ([event, url]) => !url.startsWith(`${base}/api/v2/beacons/${event}?t=k1.`),
    );
    if (odd) return `tracking ${odd.join(' ')}`;
    if ('facts' in ad || 'shown' in ad) return 'what is ours alone is told';
  }
  return null;
}

function saidMismatch(of: string, found: object, wanted: object): string | null {
  for (const [name, value] of Object.entries(wanted)) {
    const said = (found as Readonly<Record<string, unknown>>)[name];
    if (said !== value) return `${of} with ${name} ${String(said)} instead of ${String(value)}`;
  }
  return null;
}
