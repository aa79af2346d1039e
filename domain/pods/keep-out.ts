import { type CategoryClass, competes } from './competition.ts';
import { isDuplicate } from './conflicts.ts';
import type { Entry, Field } from './field.ts';
import type { PodCandidate, PodRules } from './pod.ts';

/** [entry][word]: a bit for each entry that it keeps out of the pod; its own bit may be set too. */
export interface KeepOut {
  readonly words: number;
  readonly never: Int32Array;
}

let memory = new Int32Array(1_024);
let listMemory = new Int32Array(1_024);

/** Who may never stand beside whom: duplicates, competitors where they are kept apart for the whole pod, two for one place. */
export function keepOutOf(entries: readonly Entry[], { owned, owners, lists }: Field, rules: PodRules): KeepOut {
  const count = entries.length;
  const words = (count + 31) >>> 5;
  const needed = words * (count + owners + 2);
  if (memory.length < needed) memory = new Int32Array(2 * needed);
  const never = memory.subarray(0, count * words);
  const ownerBits = memory.subarray(count * words, needed);
  ownerBits.fill(0);
  const placeBits = (owners: number, { place }: PodCandidate) => (place === 'first' ? owners : owners + 1) * words;
  for (let at = 0; at < count; at++) {
    const { candidate, owner } = entries[at] as Entry;
    setBit(ownerBits, owner * words, at);
    if (candidate.place !== null) setBit(ownerBits, placeBits(owners, candidate), at);
  }
  const apart = rules.separation && rules.minSeparationSeconds === null;
  const competitors = apart ? competitorBits(entries, lists, words) : null;
  for (let at = 0; at < count; at++) {
    const { candidate, owner, list } = entries[at] as Entry;
    const placed = candidate.place === null ? -1 : placeBits(owners, candidate);
    for (let word = 0; word < words; word++) {
      let bits = owned ? (ownerBits[owner * words + word] as number) : 0;
      if (competitors !== null) bits |= competitors[list * words + word] as number;
      if (placed >= 0) bits |= ownerBits[placed + word] as number;
      never[at * words + word] = bits;
    }
  }
  if (!owned) addDuplicates(never, entries, words, rules);
  return { words, never };
}

/** [list][word]: the entries that compete with it. */
function competitorBits(entries: readonly Entry[], lists: readonly CategoryClass[], words: number): Int32Array {
  const needed = 2 * words * lists.length;
  if (listMemory.length < needed) listMemory = new Int32Array(2 * needed);
  const members = listMemory.subarray(0, words * lists.length);
  const bits = listMemory.subarray(words * lists.length, needed);
  members.fill(0);
  bits.fill(0);
  for (let at = 0; at < entries.length; at++) setBit(members, (entries[at] as Entry).list * words, at);
  for (let a = 0; a < lists.length; a++) {
    for (let b = 0; b <= a; b++) {
      if (!competes(lists[a] as CategoryClass, lists[b] as CategoryClass)) continue;
      for (let word = 0; word < words; word++) {
        bits[a * words + word] = (bits[a * words + word] as number) | (members[b * words + word] as number);
        if (a !== b)
          bits[b * words + word] = (bits[b * words + word] as number) | (members[a * words + word] as number);
      }
    }
  }
  return bits;
}

function addDuplicates(never: Int32Array, entries: readonly Entry[], words: number, rules: PodRules): void {
  for (let a = 0; a < entries.length; a++) {
    for (let b = 0; b < a; b++) {
      if (!isDuplicate((entries[a] as Entry).candidate, (entries[b] as Entry).candidate, rules)) continue;
      setBit(never, a * words, b);
      setBit(never, b * words, a);
    }
  }
}

function setBit(bits: Int32Array, from: number, at: number): void {
  const word = from + (at >>> 5);
  bits[word] = (bits[word] as number) | (1 << (at & 31));
}
