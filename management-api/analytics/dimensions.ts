import type { Source } from './measures.ts';

/** What reports can be broken down and filtered by. To add a dimension: one line here. */
export interface Dimension {
  readonly about: string;
  readonly type: 'uuid' | 'text' | 'number';
  /** Where it can be had: with the roll-ups, on the raw row, or on the row of the served ad that a beacon names. */
  readonly delivery: 'roll-up' | 'raw' | 'served' | null;
  readonly inventory: 'roll-up' | 'raw' | null;
  /** The column; for what is read off the clock, SQL over `{at}` and the zone. */
  readonly column?: string;
  readonly clock?: string;
}

const id = (about: string): Dimension => ({ about, type: 'uuid', delivery: 'roll-up', inventory: null });
const both = (about: string): Dimension => ({ about, type: 'text', delivery: 'roll-up', inventory: 'roll-up' });
const context = (about: string): Dimension => ({ about, type: 'text', delivery: 'served', inventory: 'raw' });

export const dimensions = {
  campaign: id('campaign'),
  creative: id('creative'),
  advertiser: id('advertiser'),
  country: both('ISO 3166-1 alpha-2; empty: unknown'),
  device_type: both('empty: unknown'),
  no_fill_reason: { about: 'why no ad was served', type: 'text', delivery: null, inventory: 'roll-up' },
  hour_of_day: {
    about: '0 to 23, in the report’s zone',
    type: 'number',
    delivery: 'roll-up',
    inventory: 'roll-up',
    clock: 'toHour({at}, {zone:String})',
  },
  day_of_week: {
    about: 'Monday = 1 to Sunday = 7, in the report’s zone',
    type: 'number',
    delivery: 'roll-up',
    inventory: 'roll-up',
    clock: 'toDayOfWeek({at}, 0, {zone:String})',
  },
  position: { about: 'place in the pod, from 1', type: 'number', delivery: 'raw', inventory: null },
  duration_seconds: { about: 'length of the ad', type: 'number', delivery: 'raw', inventory: null },
  pricing_model: { about: 'cpm, cpc, cpv, flat', type: 'text', delivery: 'raw', inventory: null },
  user_agent_class: { about: 'tv, bot, stitcher, unknown', type: 'text', delivery: 'raw', inventory: 'raw' },
  content_category: context('empty: unknown'),
  content_genre: context('empty: unknown'),
  content_rating: context('empty: unknown'),
  region: context('ISO 3166-2; empty: unknown'),
  city: context('empty: unknown'),
  dma: context('Nielsen DMA code; empty: unknown'),
  os: context('empty: unknown'),
  brand: context('maker of the device; empty: unknown'),
  dialect: context('how it was asked for: json, vast, vmap, openrtb, asset-list, v1'),
} as const satisfies Readonly<Record<string, Dimension>>;

export type DimensionName = keyof typeof dimensions;

export const dimensionNames = Object.keys(dimensions) as readonly DimensionName[];

export function isAvailable(name: DimensionName, source: Source): boolean {
  return dimensions[name][source] !== null;
}
