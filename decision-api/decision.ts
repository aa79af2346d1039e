import type { Campaign, Creative, FrequencyCap } from '../domain/campaign.ts';
import type { PodSolution } from '../domain/pods/pod.ts';
import type { Context } from '../domain/request.ts';
import type { Ask } from './ask.ts';
import type { Feature } from './features.ts';
import type { Purse, Spending } from './purse.ts';
import type { Outcome, Reason } from './reasons.ts';
import type { Reserver, SeenIdentity, WantedAd } from './reserver.ts';
import type { CampaignSignals, Signals } from './signals.ts';
import type { Watermarks } from './watermarks.ts';

/** One campaign on its way through the steps. `fellOut`: why none of its creatives is a candidate. */
export interface Entrant {
  readonly campaign: Campaign;
  fellOut: Reason | null;
  /** More about the reason: a dimension, a scope, a signal. */
  detail: string | null;
  runners: Runner[];
}

/** One creative of a campaign that matched. */
export interface Runner {
  readonly entrant: Entrant;
  readonly creative: Creative;
  readonly caps: readonly FrequencyCap[];
  /** Null while it is in the race. */
  struck: Reason | null;
  worth: Worth | null;
}

/** What an impression is worth, and the signals that say so. */
export interface Worth {
  readonly valueMicros: number;
  readonly scoreMicros: number;
  readonly muPpm: number;
  readonly qualityCenti: number;
  readonly signals: CampaignSignals;
}

/** A creative whose money is spent and whose places are reserved. */
export interface Held {
  readonly runner: Runner;
  readonly wanted: WantedAd;
  readonly spending: Spending;
}

/** Everything that one request knows while it is decided. The steps fill it in. */
export interface Decision {
  readonly ask: Ask;
  readonly features: ReadonlySet<Feature>;
  readonly partition: number;
  readonly expiresAt: number;
  /** Null: the state store is away. */
  seen: readonly SeenIdentity[] | null;
  catalogStale: boolean;
  /** There is hardly room to write down what is spent. */
  readonly journalFull: boolean;
  /** The campaigns whose targeting allows this moment, in the order of their ids. */
  entrants: readonly Entrant[];
  /** All others, counted by why they did not even enter; explain can name each from `catalog`. */
  notEntered: ReadonlyMap<Reason, number>;
  /** The catalog as it was when matching ran. */
  catalog: readonly Campaign[];
  solution: PodSolution | null;
  conflictsRejected: number;
  /** By creative. */
  readonly held: Map<string, Held>;
  readonly timingsUs: Record<string, number>;
}

/** The catalog as a decision asks it. */
export interface DecidingCatalog {
  /** In the order of their ids; a list that was answered never changes. */
  readonly campaigns: readonly Campaign[];
  /** Those whose targeting allows this moment, in the order of their ids. */
  match(context: Context): readonly Campaign[];
  /** How many campaigns carry one of these features at least. */
  carriers(features: readonly Feature[]): number;
}

/** What the steps work with. */
export interface DecidingParts {
  readonly catalog: DecidingCatalog;
  readonly signals: Signals;
  readonly watermarks: Watermarks;
  readonly purse: Purse;
  readonly reserver: Reserver;
  readonly uuid: () => string;
}

/** The creatives still in the race. */
export function racing(decision: Decision): readonly Runner[] {
  return decision.entrants.flatMap((entrant) => entrant.runners).filter((runner) => runner.struck === null);
}

/** The held creatives of the pod, in playing order. */
export function podOf(decision: Decision): readonly { readonly held: Held; readonly startSeconds: number }[] {
  const ads = [];
  for (const { candidate, startSeconds } of decision.solution?.ads ?? []) {
    const held = decision.held.get(candidate.creativeId);
    if (held) ads.push({ held, startSeconds });
  }
  return ads;
}

export function outcomeOf(runner: Runner, served: ReadonlySet<string>): Outcome {
  return served.has(runner.creative.id) ? 'won' : (runner.struck ?? 'lost');
}
