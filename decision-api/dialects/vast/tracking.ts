import type { TrackedEvent } from '../../../domain/creative.ts';
import type { VastVersion } from './versions.ts';

/** From which version to which an event has a word in the schemas, and by which word. */
type Words = readonly (readonly [from: VastVersion, to: VastVersion, word?: string])[];

const always: Words = [['2.0', '4.3']];
const sinceThree: Words = [['3.0', '4.3']];
const sinceFour: Words = [['4.0', '4.3']];
const beforeFour: Words = [['2.0', '3.0']];

/** Events of a playing video in Tracking elements. The first fifteen have beacons of ours. */
const words: Readonly<Partial<Record<TrackedEvent, Words>>> = {
  creativeView: always,
  start: always,
  firstQuartile: always,
  midpoint: always,
  thirdQuartile: always,
  complete: always,
  mute: always,
  unmute: always,
  pause: always,
  resume: always,
  rewind: always,
  acceptInvitation: always,
  skip: sinceThree,
  closeLinear: [
    ['3.0', '3.0'],
    ['4.1', '4.3'],
  ],
  progress: sinceThree,
  loaded: [['4.1', '4.3']],
  playerExpand: [['2.0', '3.0', 'fullscreen'], ...sinceFour],
  playerCollapse: [['3.0', '3.0', 'exitFullscreen'], ...sinceFour],
  expand: beforeFour,
  collapse: beforeFour,
  close: always,
  timeSpentViewing: [['4.0', '4.0']],
  adExpand: sinceFour,
  adCollapse: sinceFour,
  minimize: sinceFour,
  overlayViewDuration: sinceFour,
  otherAdInteraction: sinceFour,
  interactiveStart: [['4.2', '4.3']],
};

/** What a version of VAST calls an event of a playing video; null: it has no word for it. */
export function trackingWord(event: TrackedEvent, version: VastVersion): string | null {
  const found = words[event]?.find(([from, to]) => version >= from && version <= to);
  return found === undefined ? null : (found[2] ?? event);
}
