import type { Campaign, PodConfig } from './campaign.ts';
import { isCreative } from './creative-document.ts';
import {
  anything,
  flag,
  from,
  id,
  list,
  name,
  number,
  object,
  oneOf,
  optional,
  orNull,
  text,
  zone,
} from './document-checks.ts';
import type { Experiment } from './experiment.ts';

/** The document of a campaign as JSON gave it; null: not all of it can be relied on, so none of it is used. */
export function readCampaign(value: unknown): Campaign | null {
  return isCampaign(value) ? (value as Campaign) : null;
}

/** The document of a pod kept by name, or null. */
export function readPodConfig(value: unknown): PodConfig | null {
  return isPodConfig(value) ? (value as PodConfig) : null;
}

/** The document of an experiment, or null. */
export function readExperiment(value: unknown): Experiment | null {
  return isExperiment(value) ? (value as Experiment) : null;
}

const place = orNull(oneOf('first', 'last'));

const isCampaign = object({
  id,
  version: from(0),
  name: text,
  advertiserId: id,
  advertiserName: text,
  status: oneOf('draft', 'active', 'paused', 'completed'),
  startsAt: number,
  endsAt: number,
  timeZone: zone,
  pricing: object({ model: oneOf('cpm', 'cpc', 'cpv', 'flat'), priceMicros: from(0) }),
  totalBudgetMicros: orNull(from(0)),
  spentBeforeMicros: optional(from(0)),
  dailyBudgetMicros: orNull(from(0)),
  goalImpressions: orNull(from(0)),
  pacingMode: oneOf('even', 'asap', 'front_loaded', 'custom'),
  pacingCurve: optional(orNull(list(object({ flight: number, plan: number })))),
  tier: oneOf('guaranteed', 'standard', 'house'),
  place: optional(place),
  targeting: list(
    object({
      id: name,
      conditions: list(object({ dimension: name, mode: oneOf('include', 'exclude'), values: list(anything) })),
    }),
  ),
  caps: list(
    object({
      scope: oneOf('user', 'device', 'household', 'ip', 'stream', 'pod'),
      creativeId: orNull(id),
      windowSeconds: orNull(from(1)),
      max: from(0),
      countsFrom: optional(number),
    }),
  ),
  categories: list(object({ id: name, name: text, ancestors: list(name) })),
  creatives: list(isCreative),
});

const percent = orNull(from(0));

const isExperiment = object({
  id: name,
  version: from(0),
  organisation: optional(id),
  name,
  status: oneOf('running', 'stopped'),
  arms: list(
    object({
      name,
      weight: from(0),
      objective: optional(orNull(oneOf('revenue', 'fill_rate', 'user_experience'))),
      features: optional(object({ targeting: optional(flag), frequency: optional(flag), pods: optional(flag) })),
      qualityPercent: optional(percent),
      shadowPricePercent: optional(percent),
    }),
  ),
});

const isPodConfig = object({
  id: name,
  version: from(0),
  organisation: optional(id),
  name,
  durationSeconds: from(1),
  minAds: from(0),
  maxAds: from(1),
  competitiveSeparation: flag,
  minSeparationSeconds: orNull(from(0)),
  separationScope: optional(oneOf('pod', 'stream')),
  allowDuplicateAdvertisers: flag,
  objective: oneOf('revenue', 'fill_rate', 'user_experience'),
  exactDuration: optional(flag),
  allowedDurations: optional(orNull(list(from(1)))),
  backupAds: optional(from(0)),
});
