import { pseudonym } from '../../../decision-api/asking/identities.ts';
import {
  cappedBy,
  capsOf,
  type Reserver,
  type SeenIdentity,
  usedOf,
  type WantedAd,
} from '../../../decision-api/holding/reserver.ts';
import type { Watermarks } from '../../../decision-api/holding/watermarks.ts';
import type { ScopedIdentity } from '../../../domain/request.ts';
import type { Clock } from '../../../engines/clock.ts';
import { EngineError } from '../../../engines/errors.ts';
import { partitionOf } from '../../../engines/event-log/partition.ts';
import type { Random } from '../../../engines/random.ts';
import { seeded } from '../../bench/catalog.ts';
import type { Beacons } from './beacons.ts';
import { campaigns, type PlannedCampaign, type Progress, partitions, people, tokenLifeMs } from './plan.ts';

interface Parts {
  readonly reserver: Reserver;
  readonly watermarks: Watermarks;
  readonly clock: Clock;
  readonly random: Random;
  readonly beacons: Beacons;
  readonly seed: number;
}

interface Viewer {
  readonly partition: number;
  readonly identities: readonly ScopedIdentity[];
}

const identity = (scope: string, n: number): ScopedIdentity => ({ scope, hash: pseudonym('pepper', scope, `${n}`) });

const viewers: readonly Viewer[] = Array.from({ length: people.users }, (_, n) => {
  const user = identity('user', n);
  return {
    partition: partitionOf(user.hash, partitions),
    identities: [
      user,
      identity('device', n % people.devices),
      identity('household', n % people.households),
      identity('ip', n % people.ips),
    ],
  };
});

/** Decides as the decision API does: look, leave out what is capped, reserve what is left; one ad of each of two campaigns. */
export class Deciders {
  readonly #parts: Parts;
  readonly #draw: (n: number) => number;
  readonly #counts = { decisions: 0, served: 0, refusedAtSight: 0, refusedAtSwap: 0, contended: 0, unanswered: 0 };
  #stopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#draw = seeded(parts.seed);
  }

  get progress(): Progress {
    return { ...this.#counts };
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Keeps so many decisions under way until it is stopped. */
  async run(concurrency: number): Promise<void> {
    const decider = async () => {
      while (!this.#stopped) await this.#decide();
    };
    await Promise.all(Array.from({ length: concurrency }, decider));
  }

  async #decide(): Promise<void> {
    const viewer = viewers[this.#draw(viewers.length)] as Viewer;
    try {
      const { seen } = await this.#parts.reserver.look(viewer.identities, []);
      if (!seen.every(({ entry }) => this.#parts.watermarks.trusts(entry.store)))
        throw new EngineError('store_lost_writes', '');
      await this.#reserve(viewer, seen);
      this.#counts.decisions++;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.#counts.unanswered++;
      await this.#parts.clock.sleep(50);
    }
  }

  async #reserve(viewer: Viewer, seen: readonly SeenIdentity[]): Promise<void> {
    const { reserver, watermarks } = this.#parts;
    const first = this.#draw(campaigns.length);
    const chosen = [first, (first + 1 + this.#draw(campaigns.length - 1)) % campaigns.length];
    const wanted = chosen.flatMap((n) => this.#wanted(campaigns[n] as PlannedCampaign, viewer, seen));
    if (wanted.length === 0) return;
    const refused = await reserver.reserve(seen, wanted, watermarks);
    for (const ad of wanted) {
      const reason = refused.get(ad.place.reservation);
      if (reason === 'cap_reached') this.#counts.refusedAtSwap++;
      else if (reason !== undefined) this.#counts.contended++;
      else this.#serve(ad, viewer, seen);
    }
  }

  #wanted(campaign: PlannedCampaign, { partition }: Viewer, seen: readonly SeenIdentity[]): readonly WantedAd[] {
    const { watermarks, random, clock } = this.#parts;
    const creative = campaign.creatives[this.#draw(2)] as string;
    const caps = capsOf(campaign.caps, creative);
    const moment = { partition, seen, stream: null };
    if (caps.some((cap) => (usedOf(cap, campaign.id, moment, watermarks) ?? cap.max) >= cap.max)) {
      this.#counts.refusedAtSight++;
      return [];
    }
    const expiresAt = clock.now() + tokenLifeMs;
    const place = { reservation: random.uuid(), campaignId: campaign.id, creativeId: creative, partition, expiresAt };
    return [{ place, caps, campaignCaps: campaign.caps }];
  }

  #serve({ place, caps }: WantedAd, viewer: Viewer, seen: readonly SeenIdentity[]): void {
    this.#counts.served++;
    this.#parts.beacons.watch(viewer.partition, {
      arrival_id: this.#parts.random.uuid(),
      cachebuster: null,
      viewer: viewer.identities[0]?.hash ?? '',
      request_id: place.reservation,
      reservation: place.reservation,
      campaign: place.campaignId,
      creative: place.creativeId,
      advertiser: place.campaignId,
      position: 1,
      duration_seconds: 30,
      pricing_model: 'cpm',
      price_micros: 1000,
      minute: Math.floor(place.expiresAt / 60_000),
      expires_at: place.expiresAt,
      identities: cappedBy(seen, caps),
      country: null,
      device_type: null,
      user_agent_class: 'tv',
      client_at: null,
      view_ms: null,
      viewability_percentage: null,
      audio_level: null,
      error_code: null,
      offset_seconds: null,
      caller: 'anonymous',
      invalid: null,
    });
  }
}
