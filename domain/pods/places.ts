import { type CategoryClass, classOf, forgetIfMany } from './competition.ts';
import { Names } from './names.ts';
import type { PodCandidate } from './pod.ts';

export const advertiserNames = new Names();
export const creativeNames = new Names();
/** Of single files, and of all files of a creative in one. */
export const mediaNames = new Names();
export const fileSetNames = new Names();
export const campaignNames = new Names();

/** Where a candidate's names are, and its list of categories: texts are looked up once for each creative, not for each pod. */
class Places {
  readonly epoch = epoch;
  readonly advertiser: number;
  readonly creative: number;
  readonly media: readonly number[];
  readonly fileSet: number;
  readonly campaign: number;
  readonly category: CategoryClass;

  constructor({ advertiserId, creativeId, mediaUrls, campaignId, categories }: PodCandidate) {
    this.advertiser = advertiserNames.place(advertiserId);
    this.creative = creativeNames.place(creativeId);
    this.media = mediaUrls.map((url) => mediaNames.place(url));
    this.fileSet = fileSetNames.place(mediaUrls.join('\n'));
    this.campaign = campaignNames.place(campaignId);
    this.category = classOf(categories);
  }
}

/** Changes when something was forgotten. */
let epoch = 0;

/** Before each pod: nothing was said of any name yet. */
export function beginNames(): void {
  let forgotten = forgetIfMany();
  for (const names of [advertiserNames, creativeNames, mediaNames, fileSetNames, campaignNames]) {
    if (names.begin()) forgotten = true;
  }
  if (forgotten) epoch += 1;
}

export function placesOf(candidate: PodCandidate): Places {
  const { memo } = candidate;
  if (memo?.places instanceof Places && memo.places.epoch === epoch) return memo.places;
  const places = new Places(candidate);
  if (memo !== undefined) memo.places = places;
  return places;
}
