import { encode } from '../../schemas/codec.ts';
import type { AdRequest, Candidate } from '../../schemas/records.ts';
import { limits } from '../limits.ts';

/**
 * A request's record in at most `limits.recordBytes`: candidates that were not chosen are left out, the least first, and
 * counted in `fallouts` as `record_cut`, so that the log says what it does not hold.
 */
export function fitRecord(record: AdRequest): { readonly value: Buffer; readonly cut: boolean } {
  const whole = encode('ad-request', record);
  if (whole.length <= limits.recordBytes) return { value: whole, cut: false };
  const ranked = [...record.candidates].sort(byWorth);
  const perCandidate = whole.length / Math.max(1, ranked.length);
  for (let keep = Math.floor(limits.recordBytes / perCandidate); keep > 0; keep = Math.floor(keep * 0.8)) {
    const value = encode('ad-request', withCandidates(record, ranked.slice(0, keep), ranked.length - keep));
    if (value.length <= limits.recordBytes) return { value, cut: true };
  }
  return { value: encode('ad-request', withCandidates(record, [], ranked.length)), cut: true };
}

function byWorth(a: Candidate, b: Candidate): number {
  return Number(isChosen(b)) - Number(isChosen(a)) || b.score_micros - a.score_micros;
}

function isChosen({ outcome }: Candidate): boolean {
  return outcome === 'won' || outcome === 'backup';
}

function withCandidates(record: AdRequest, kept: readonly Candidate[], left: number): AdRequest {
  return {
    ...record,
    candidates: kept,
    fallouts: [...record.fallouts, { reason: 'record_cut', campaigns: left }],
  };
}
