import type { Campaign, PodConfig } from '../../domain/campaign.ts';
import { readCampaign, readExperiment, readPodConfig } from '../../domain/campaign-document.ts';
import { type CatalogMark, emptyMark, withCampaign, withoutCampaign } from '../../domain/catalog-mark.ts';
import type { Experiment } from '../../domain/experiment.ts';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import type { Context } from '../../domain/request.ts';
import { type ContentCategory, type ContentTaxonomy, createTaxonomy } from '../../domain/targeting/content-taxonomy.ts';
import { createTargetingIndex } from '../../domain/targeting/index/targeting-index.ts';
import { asServed, isUnwrapped } from '../../domain/unwrapped.ts';
import type { AdvertiserOwner, CatalogSnapshot, PlayerKey } from '../../engines/catalog/catalog.ts';
import type { CatalogChange } from '../../schemas/records.ts';
import { carries, type Feature } from '../asking/features.ts';
import type { DecidingCatalog } from '../decision.ts';
import { CampaignFacts } from './campaign-facts.ts';
import { Newest, type Versioned } from './newest.ts';

/** Versions by id. */
export interface HeldVersions {
  readonly campaigns: ReadonlyMap<string, number>;
  readonly experiments: ReadonlyMap<string, number>;
}

/** Every campaign and pod in memory. */
export class CatalogCache implements DecidingCatalog {
  readonly #campaigns = new Newest<Campaign>();
  readonly #pods = new Newest<PodConfig>();
  readonly #experiments = new Newest<Experiment>();
  readonly #index = createTargetingIndex<CampaignFacts>();
  /** Campaigns by the features that they carry, as one text. */
  readonly #carrying = new Map<string, number>();
  readonly #carriedBy = new Map<string, string>();
  readonly #versions = new Map<string, number>();
  /** Campaigns that a snapshot has no more, until one has them again or the log says that they were deleted. */
  readonly #gone = new Set<string>();
  #mark = emptyMark;
  #experimentList: readonly Experiment[] = [];
  #experimentsBy: ReadonlyMap<string, readonly Experiment[]> = new Map();
  #campaignList: readonly Campaign[] = [];
  #podList: readonly PodConfig[] = [];
  #contentCategories: readonly ContentCategory[] = [];
  #taxonomy: ContentTaxonomy = createTaxonomy([]);
  #playerKeys: ReadonlyMap<string, PlayerKey> = new Map();
  #advertisers: ReadonlyMap<string, AdvertiserOwner> = new Map();
  #changes = 0;
  #unsettled = false;

  /** In the order of their ids. */
  get campaigns(): readonly Campaign[] {
    this.#settle();
    return this.#campaignList;
  }

  match(context: Context): readonly CampaignFacts[] {
    const matched = this.#index.match(context);
    return this.#index.inOrder ? matched : matched.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  carriers(features: readonly Feature[]): number {
    let count = 0;
    for (const [carried, campaigns] of this.#carrying) {
      if (features.some((feature) => carried.includes(feature))) count += campaigns;
    }
    return count;
  }

  /** What content categories lie above others. Comes with the snapshot, so a change is seen with the next one. */
  get taxonomy(): ContentTaxonomy {
    return this.#taxonomy;
  }

  get contentCategories(): readonly ContentCategory[] {
    return this.#contentCategories;
  }

  get pods(): readonly PodConfig[] {
    this.#settle();
    return this.#podList;
  }

  /** In the order of their ids. */
  get experiments(): readonly Experiment[] {
    this.#settle();
    return this.#experimentList;
  }

  /** By name, so that every process lets the same one have the last word. */
  experimentsOf(organisation: string): readonly Experiment[] {
    this.#settle();
    return this.#experimentsBy.get(organisation) ?? none;
  }

  /** API keys by prefix. They come with the snapshot, like the next. */
  get playerKeys(): ReadonlyMap<string, PlayerKey> {
    return this.#playerKeys;
  }

  /** Whose each advertiser is, by id. */
  get advertisers(): ReadonlyMap<string, AdvertiserOwner> {
    return this.#advertisers;
  }

  campaign(id: string): Campaign | undefined {
    return this.#campaigns.one(id);
  }

  get mark(): CatalogMark {
    return this.#mark;
  }

  /** Grows with each document taken. */
  get changes(): number {
    return this.#changes;
  }

  pod(nameOrId: string, organisation: string): PodConfig | undefined {
    return this.pods.find((pod) => (pod.id === nameOrId || pod.name === nameOrId) && ownerOf(pod) === organisation);
  }

  /** What is held now, for a snapshot that is read beside changes of the log. */
  held(): HeldVersions {
    const experiments = new Map(this.experiments.map(({ id, version }) => [id, version]));
    return { campaigns: new Map(this.#versions), experiments };
  }

  /** `held`: what was held when the snapshot was asked for; what is gone since goes, unless it came again. */
  load(snapshot: CatalogSnapshot, held: HeldVersions = nothingHeld): void {
    for (const { id } of snapshot.campaigns) this.#gone.delete(id);
    const campaigns = snapshot.campaigns.map((each) => this.#putCampaign(each.id, each.version, each));
    for (const id of snapshot.gone ?? []) {
      const version = held.campaigns.get(id);
      if (version === undefined || this.#versions.get(id) !== version) continue;
      // Not as a deletion, which is a version too: what was restored comes back as it was, with a snapshot.
      this.#campaigns.forget(id);
      this.#gone.add(id);
      this.#take(id, version, null);
      campaigns.push(true);
    }
    const pods = snapshot.pods.map((each) => this.#putPod(each.id, each.version, each));
    const experiments = (snapshot.experiments ?? []).map((each) => this.#putExperiment(each.id, each.version, each));
    if (snapshot.experiments) experiments.push(this.#dropExperiments(snapshot.experiments, held));
    const taxonomy = this.#takeTaxonomy(snapshot.contentCategories ?? []);
    const callers = this.#takeCallers(snapshot);
    if ([...campaigns, ...pods, ...experiments, taxonomy, callers].includes(true)) this.#changed();
  }

  /** A snapshot has all of them. */
  #dropExperiments(there: readonly Experiment[], held: HeldVersions): boolean {
    const ids = new Set(there.map(({ id }) => id));
    const now = new Map(this.experiments.map(({ id, version }) => [id, version]));
    const gone = [...held.experiments].filter(([id, version]) => !ids.has(id) && now.get(id) === version);
    for (const [id] of gone) this.#experiments.forget(id);
    return gone.length > 0;
  }

  /** False: the change holds no document that can be used. An old version is fine and changes nothing. */
  apply(change: CatalogChange): boolean {
    if (change.kind === 'campaign') {
      // A log that catches up tells of edits from before it went.
      if (this.#gone.has(change.id) && !change.deleted) return true;
      this.#gone.delete(change.id);
      return this.#change(change, readCampaign, this.#putCampaign);
    }
    if (change.kind === 'experiment') return this.#change(change, readExperiment, this.#putExperiment);
    return change.kind === 'pod' && this.#change(change, readPodConfig, this.#putPod);
  }

  #change<T extends Versioned>(
    change: CatalogChange,
    read: (value: unknown) => T | null,
    put: (id: string, version: number, document: T | null) => boolean,
  ): boolean {
    const document = change.deleted ? null : read(parse(change.document));
    if (document === null && !change.deleted) return false;
    if (document !== null && document.id !== change.id) return false;
    if (put(change.id, change.version, document)) this.#changed();
    return true;
  }

  #takeTaxonomy(rows: readonly ContentCategory[]): boolean {
    if (JSON.stringify(rows) === JSON.stringify(this.#contentCategories)) return false;
    this.#contentCategories = rows;
    this.#taxonomy = createTaxonomy(rows);
    return true;
  }

  #takeCallers({ playerKeys = [], advertisers = [] }: CatalogSnapshot): boolean {
    const held = JSON.stringify([[...this.#playerKeys.values()], [...this.#advertisers.values()]]);
    if (JSON.stringify([playerKeys, advertisers]) === held) return false;
    this.#playerKeys = new Map(playerKeys.map((key) => [key.prefix, key]));
    this.#advertisers = new Map(advertisers.map((each) => [each.id, each]));
    return true;
  }

  readonly #putPod = (id: string, version: number, pod: PodConfig | null) => this.#pods.offer(id, version, pod);

  readonly #putExperiment = (id: string, version: number, experiment: Experiment | null) =>
    this.#experiments.offer(id, version, experiment);

  readonly #putCampaign = (id: string, version: number, given: Campaign | null): boolean => {
    const campaign = given && servedCampaign(given);
    if (!this.#campaigns.offer(id, version, campaign)) return false;
    this.#take(id, version, campaign);
    return true;
  };

  /** Into the index and all that is counted, or out of it. */
  #take(id: string, version: number, campaign: Campaign | null): void {
    const known = this.#versions.get(id);
    if (known !== undefined) this.#mark = withoutCampaign(this.#mark, id, known);
    this.#versions.delete(id);
    if (campaign === null) this.#index.remove(id);
    else this.#index.put(new CampaignFacts(campaign));
    this.#count(this.#carriedBy.get(id), -1);
    this.#carriedBy.delete(id);
    if (campaign === null) return;
    this.#versions.set(id, version);
    this.#mark = withCampaign(this.#mark, id, version);
    const carried = carries(campaign).join(' ');
    this.#carriedBy.set(id, carried);
    this.#count(carried, 1);
  }

  #count(carried: string | undefined, by: number): void {
    if (carried !== undefined) this.#carrying.set(carried, (this.#carrying.get(carried) ?? 0) + by);
  }

  #changed(): void {
    this.#changes++;
    this.#unsettled = true;
  }

  /** Lists are made when somebody asks for one: of many changes that come together, once. */
  #settle(): void {
    if (!this.#unsettled) return;
    this.#unsettled = false;
    this.#campaignList = this.#campaigns.living();
    this.#podList = this.#pods.living();
    this.#experimentList = this.#experiments.living();
    this.#experimentsBy = Map.groupBy(
      this.#experimentList.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      ownerOf,
    );
  }
}

/** With the files that third parties' tags led to, where those are known. */
function servedCampaign(campaign: Campaign): Campaign {
  if (!campaign.creatives.some(isUnwrapped)) return campaign;
  return { ...campaign, creatives: campaign.creatives.map(asServed) };
}

const none: readonly Experiment[] = [];
const nothingHeld: HeldVersions = { campaigns: new Map(), experiments: new Map() };

/** What older documents do not say is the house's. */
function ownerOf({ organisation = HOUSE_ORGANISATION }: { readonly organisation?: string }): string {
  return organisation;
}

function parse(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
