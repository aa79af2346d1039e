import { isDeepStrictEqual } from 'node:util';
import type { LogFacts, Logged } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { place } from './judge.ts';

export interface ShippingResult {
  /** Places of records that a journal shipped once more: lawful, and without an effect of their own. */
  readonly again: ReadonlySet<string>;
  readonly faults: readonly Fault[];
}

type Arrival = Logged<{ readonly arrival_id: string }>;

/**
 * A journal ships at least once, so an arrival may stand in the log more than once: the same bytes in the same partition.
 * The lowest offset is the one that counts; what a player repeats has an arrival id of its own.
 */
export function checkShipping(log: Pick<LogFacts, 'requests' | 'beacons'>): ShippingResult {
  const first = new Map<string, Arrival>();
  const again = new Set<string>();
  const differs: string[] = [];
  for (const record of [...log.requests, ...log.beacons].sort((a, b) => a.offset - b.offset)) {
    const known = first.get(record.value.arrival_id);
    if (known === undefined) {
      first.set(record.value.arrival_id, record);
      continue;
    }
    again.add(place(record));
    const same =
      known.topic === record.topic &&
      known.partition === record.partition &&
      known.key === record.key &&
      isDeepStrictEqual(known.value, record.value);
    if (!same) differs.push(`${place(known)} and ${place(record)}`);
  }
  return {
    again,
    faults: fault('shipped_differs', 'one arrival stands in the log with two contents or places', differs),
  };
}
