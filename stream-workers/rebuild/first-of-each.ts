import type { ServedAd } from '../../schemas/records.ts';

/** An answer is kept for an hour; a little more for what was under way. */
const REPEATED_FOR_MINUTES = 70;

type Place = Pick<ServedAd, 'minute' | 'reservation'>;

/** A request that is repeated gets its answer again, and stands in the log once more: its places are the same. By partition. */
export function firstOfEach(): (partition: number, ad: Place) => boolean {
  const partitions = new Map<number, Map<number, Set<string>>>();
  return (partition, { minute, reservation }) => {
    const minutes = partitions.get(partition) ?? new Map<number, Set<string>>();
    partitions.set(partition, minutes);
    const known = minutes.get(minute);
    if (known?.has(reservation)) return false;
    if (known) known.add(reservation);
    else {
      minutes.set(minute, new Set([reservation]));
      for (const old of minutes.keys()) if (old < minute - REPEATED_FOR_MINUTES) minutes.delete(old);
    }
    return true;
  };
}
