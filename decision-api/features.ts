import type { Campaign } from '../domain/campaign.ts';
import type { Config } from '../engines/config.ts';
import { partitionOf } from '../engines/event-log/partition.ts';

export type Feature = 'targeting' | 'frequency' | 'pods';

export const allFeatures: readonly Feature[] = ['targeting', 'frequency', 'pods'];

/** Which features are on for a viewer. The same viewer always falls on the same side of a percentage. */
export function featuresFor(viewer: string, shares: Config['features']): ReadonlySet<Feature> {
  return new Set(allFeatures.filter((name) => partitionOf(`${name}:${viewer}`, 10_000) < shares[name] * 100));
}

/** The features that a campaign cannot do without: off for a viewer, its rules are never ignored, it is ineligible. */
export function carries(campaign: Campaign): readonly Feature[] {
  const carried: Feature[] = [];
  if (campaign.targeting.length > 0) carried.push('targeting');
  if (campaign.caps.length > 0) carried.push('frequency');
  return carried;
}
