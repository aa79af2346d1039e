import type {
  AdBeacon,
  AdRequest,
  Alert,
  CampaignSignal,
  CatalogChange,
  Conversion,
  DeadLetter,
  JournalMark,
  Tick,
} from './records.ts';

/** Record name -> the topic it is written to (a tick goes wherever it is needed). One line per event type. */
export const events = {
  'ad-request': { topic: 'ad-requests', key: 'viewer' },
  'ad-beacon': { topic: 'ad-beacons', key: 'viewer' },
  conversion: { topic: 'conversions', key: 'viewer' },
  'catalog-change': { topic: 'catalog-changes', key: 'id' },
  'campaign-signal': { topic: 'campaign-signals', key: 'campaign' },
  alert: { topic: 'alerts', key: 'campaign' },
  'dead-letter': { topic: 'dead-letters', key: 'topic' },
  'journal-mark': { topic: 'ad-requests', key: 'journal' },
  tick: { topic: null, key: null },
} as const;

export type EventName = keyof typeof events;

/** Record name -> its TypeScript shape. */
export interface EventShapes {
  'ad-request': AdRequest;
  'ad-beacon': AdBeacon;
  conversion: Conversion;
  'catalog-change': CatalogChange;
  'campaign-signal': CampaignSignal;
  alert: Alert;
  'dead-letter': DeadLetter;
  'journal-mark': JournalMark;
  tick: Tick;
}

export type Topic = Exclude<(typeof events)[EventName]['topic'], null>;

/** Every topic with how long its records are kept. Requests and beacons outlive the longest window (31 days). */
export const topics: readonly { readonly name: Topic; readonly retentionDays: number }[] = [
  { name: 'ad-requests', retentionDays: 35 },
  { name: 'ad-beacons', retentionDays: 35 },
  { name: 'conversions', retentionDays: 35 },
  { name: 'catalog-changes', retentionDays: 35 },
  { name: 'campaign-signals', retentionDays: 2 },
  { name: 'alerts', retentionDays: 35 },
  { name: 'dead-letters', retentionDays: 35 },
];
