import { type BeaconEvent, beaconEvents } from '../../beacons/tokens.ts';

/** What is of a decision in a document, and not of its creative. */
export type Slot = 'ad' | 'sequence' | 'expires' | BeaconEvent;

/** A text with holes: texts and, between them, what belongs there. An event by its place in `beaconEvents`. */
export interface Template {
  readonly texts: readonly string[];
  readonly holes: readonly (number | 'ad' | 'sequence' | 'expires')[];
}

/** Control characters, which no escaped text holds. */
const OPEN = '\u0001';
const CLOSE = '\u0002';

export function slot(name: Slot): string {
  return `${OPEN}${name}${CLOSE}`;
}

/** The tracking URL of an event, with a hole for its token. */
export function trackingUrl(base: string, event: BeaconEvent, macros: string): string {
  return `${base}/api/v2/beacons/${event}?t=${slot(event)}${macros}`;
}

export function templateOf(marked: string): Template {
  const texts: string[] = [];
  const holes: Template['holes'][number][] = [];
  for (const part of marked.split(OPEN)) {
    const end = part.indexOf(CLOSE);
    if (end < 0) texts.push(part);
    else {
      const name = part.slice(0, end) as Slot;
      holes.push(name === 'ad' || name === 'sequence' || name === 'expires' ? name : beaconEvents.indexOf(name));
      texts.push(part.slice(end + 1));
    }
  }
  return { texts, holes };
}
