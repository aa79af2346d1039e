import type { Campaign, PodConfig } from '../domain/campaign.ts';
import { readCampaign, readPodConfig } from '../domain/campaign-document.ts';
import type { CatalogSnapshot } from '../engines/catalog/catalog.ts';
import type { CatalogChange } from '../schemas/records.ts';

interface Versioned {
  readonly id: string;
  readonly version: number;
}

/** One kind of document by id: the newest version wins, and a deletion is a version too. */
class Newest<T extends Versioned> {
  readonly #held = new Map<string, { readonly version: number; readonly document: T | null }>();

  offer(id: string, version: number, document: T | null): boolean {
    const known = this.#held.get(id);
    if (known && known.version >= version) return false;
    this.#held.set(id, { version, document });
    return true;
  }

  living(): T[] {
    const documents: T[] = [];
    for (const { document } of this.#held.values()) if (document) documents.push(document);
    return documents.sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}

/** Every campaign and pod in memory. */
export class CatalogCache {
  readonly #campaigns = new Newest<Campaign>();
  readonly #pods = new Newest<PodConfig>();
  #campaignList: readonly Campaign[] = [];
  #podList: readonly PodConfig[] = [];
  #changes = 0;

  /** In the order of their ids. */
  get campaigns(): readonly Campaign[] {
    return this.#campaignList;
  }

  get pods(): readonly PodConfig[] {
    return this.#podList;
  }

  /** Grows with each document taken. */
  get changes(): number {
    return this.#changes;
  }

  pod(nameOrId: string): PodConfig | undefined {
    return this.#podList.find((pod) => pod.id === nameOrId || pod.name === nameOrId);
  }

  load(snapshot: CatalogSnapshot): void {
    const campaigns = snapshot.campaigns.map((each) => this.#campaigns.offer(each.id, each.version, each));
    const pods = snapshot.pods.map((each) => this.#pods.offer(each.id, each.version, each));
    if ([...campaigns, ...pods].includes(true)) this.#settle();
  }

  /** False: the change holds no document that can be used. An old version is fine and changes nothing. */
  apply(change: CatalogChange): boolean {
    if (change.kind === 'campaign') return this.#offer(this.#campaigns, change, readCampaign);
    return change.kind === 'pod' && this.#offer(this.#pods, change, readPodConfig);
  }

  #offer<T extends Versioned>(into: Newest<T>, change: CatalogChange, read: (value: unknown) => T | null): boolean {
    const document = change.deleted ? null : read(parse(change.document));
    if (document === null && !change.deleted) return false;
    if (document !== null && document.id !== change.id) return false;
    if (into.offer(change.id, change.version, document)) this.#settle();
    return true;
  }

  #settle(): void {
    this.#campaignList = this.#campaigns.living();
    this.#podList = this.#pods.living();
    this.#changes++;
  }
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
