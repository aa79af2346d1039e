import { type Mutant, mutant } from './mutant.ts';

const streams = ['separation-stream.test.ts'];
const stream = 'separation-stream.ts';
const frequency = 'frequency/frequency.ts';

/** Faults of what holds across the pods of a stream and for a whole life. */
export const streamMutants: readonly Mutant[] = [
  mutant(
    'streams: a cap of a stream counts nobody',
    stream,
    'reachedCap(all, ad.place, caps, marks)',
    'reachedCap({ entries: [] }, ad.place, caps, marks)',
    streams,
  ),
  mutant(
    'streams: for ever needs two',
    stream,
    'ad.apartSeconds === null || other.apart_seconds === null) return true',
    'ad.apartSeconds === null && other.apart_seconds === null) return true',
    streams,
  ),
  mutant(
    'streams: only one pod says how far',
    stream,
    'Math.max(ad.apartSeconds, other.apart_seconds)',
    'ad.apartSeconds',
    streams,
  ),
  mutant(
    'streams: what was released is in the way',
    stream,
    "if (other.state === 'RELEASED' || !compete(ad, other)) return false;",
    'if (!compete(ad, other)) return false;',
    streams,
  ),
  mutant(
    'streams: whoever comes second is refused',
    stream,
    'others.some((other) => isTooNear(ad, other))',
    'others.length > 0',
    streams,
  ),
  mutant('streams: the gap is a second short', stream, '< apart * 1000', '< apart * 1000 - 1000', streams),
  mutant('lifetime: old views are forgotten', frequency, 'else if (entry.for_life) old.push(entry);', '', [
    'frequency',
  ]),
  mutant(
    'lifetime: totals are not counted',
    frequency,
    'if (cap.windowSeconds !== null) return count;',
    'return count;',
    ['frequency'],
  ),
  mutant('lifetime: a later cap forgets', frequency, '? { ...known, for_life: true } : known', '? known : known', [
    'frequency',
  ]),
  mutant('lifetime: a total stands still', frequency, 'views: known.views + 1', 'views: known.views', ['frequency']),
  mutant(
    'caps: who asks last says what is forgotten',
    frequency,
    'longest.get(place.campaignId) ?? keptMsOf(record, place.campaignId)',
    'longest.get(place.campaignId) ?? 0',
    ['frequency'],
  ),
  mutant(
    'caps: a view of who knows the short cap alone is kept by it',
    frequency,
    'Math.max(keptMsOf(current, place.campaignId), ...caps.map(windowMsOf))',
    'Math.max(0, ...caps.map(windowMsOf))',
    ['frequency'],
  ),
  mutant(
    'caps: the worker does not say for how long a view is kept',
    frequency,
    'appendedAt + Math.max(known.at, place.keptMs ?? 0)',
    'appendedAt + known.at',
    ['frequency'],
  ),
  mutant(
    'caps: what a token had left is a window',
    'frequency/kept.ts',
    'return windowsMs.has(ms) ? ms : 0;',
    'return ms;',
    ['frequency'],
  ),
  mutant(
    'caps: creatives are counted together',
    frequency,
    'if (cap.creativeId !== null && entry.creative !== cap.creativeId) continue;',
    '',
    ['frequency'],
  ),
  mutant(
    'solver: places of names outlive their memory',
    'pods/places.ts',
    'memo?.places instanceof Places && memo.places.epoch === epoch',
    'memo?.places instanceof Places',
    ['pods/places.test.ts'],
  ),
];
