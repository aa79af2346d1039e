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
  readonly fileSet: number;
  readonly category: CategoryClass;
  /** Whoever has its creative or a file of it has its advertiser and all its files, and whoever has its campaign its advertiser. */
  alone = true;
  readonly creative: number;
  readonly campaign: number;
  readonly media: readonly number[];

  constructor({ advertiserId, creativeId, mediaUrls, campaignId, categories }: PodCandidate) {
    this.advertiser = advertiserNames.place(advertiserId);
    this.creative = creativeNames.place(creativeId);
    this.media = mediaUrls.map((url) => mediaNames.place(url));
    this.fileSet = fileSetNames.place(mediaUrls.join('\n'));
    this.campaign = campaignNames.place(campaignId);
    this.category = classOf(categories);
  }

  hasOwnerOf(other: Places): boolean {
    return this.advertiser === other.advertiser && this.fileSet === other.fileSet;
  }
}

/** Who has been seen with a name, as long as they do not differ; null: they do, and none of them is alone. */
type Sharers = [first: Places, ...others: Places[]] | null;

let ofCreative: Sharers[] = [];
let ofMedia: Sharers[] = [];
let ofCampaign: Sharers[] = [];

function share(all: Sharers[], name: number, mine: Places, isLike: (other: Places) => boolean): void {
  const sharers = all[name];
  if (sharers === undefined) all[name] = [mine];
  else if (sharers === null) mine.alone = false;
  else if (isLike(sharers[0])) sharers.push(mine);
  else {
    for (const each of [...sharers, mine]) each.alone = false;
    all[name] = null;
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
  if (!forgotten) return;
  epoch += 1;
  ofCreative = [];
  ofMedia = [];
  ofCampaign = [];
}

export function placesOf(candidate: PodCandidate): Places {
  const { memo } = candidate;
  if (memo?.places instanceof Places && memo.places.epoch === epoch) return memo.places;
  const places = known(new Places(candidate));
  if (memo !== undefined) memo.places = places;
  return places;
}

/** The same as before, for a candidate that comes again without its memo. */
function known(places: Places): Places {
  const isSame = (other: Places) =>
    places.hasOwnerOf(other) && places.campaign === other.campaign && places.category === other.category;
  const before = ofCreative[places.creative]?.find(isSame);
  if (before !== undefined) return before;
  share(ofCreative, places.creative, places, (other) => places.hasOwnerOf(other));
  for (const file of places.media) share(ofMedia, file, places, (other) => places.hasOwnerOf(other));
  share(ofCampaign, places.campaign, places, (other) => places.advertiser === other.advertiser);
  return places;
}
