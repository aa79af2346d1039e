import type { Campaign, Creative } from '../domain/campaign.ts';
import type { CatalogMark } from '../domain/catalog-mark.ts';
import type { Experiment } from '../domain/experiment.ts';
import type { PodCandidate, PodSolution } from '../domain/pods/pod.ts';
import type { Context } from '../domain/request.ts';
import type { Ask } from './asking/ask.ts';
import type { Feature, Treatment } from './asking/features.ts';
import type { CampaignFacts, CreativeFacts } from './catalog/campaign-facts.ts';
import type { CampaignSignals, Signals } from './catalog/signals.ts';
import type { Purse, Spending } from './holding/purse.ts';
import type { Reserver, SeenIdentity, WantedAd } from './holding/reserver.ts';
import type { SeenStream, StreamReserver } from './holding/stream-reserver.ts';
import type { Watermarks } from './holding/watermarks.ts';
import { moneyReasons, type Outcome, type Reason } from './reasons.ts';

/** One campaign on its way through the steps. `fellOut`: why none of its creatives is a candidate. */
export interface Entrant {
  readonly campaign: Campaign;
  readonly facts: CampaignFacts;
  fellOut: Reason | null;
  /** More about the reason: a dimension, a scope, a signal. */
  detail: string | null;
  runners: Runner[];
}

/** One creative of a campaign that matched. */
export interface Runner {
  readonly entrant: Entrant;
  readonly creative: Creative;
  readonly facts: CreativeFacts;
  /** Null while it is in the race. */
  struck: Reason | null;
  worth: Worth | null;
  /** As the solver sees it. */
  candidate: Contender | null;
}

/** A candidate for the pod that knows whose it is. */
export interface Contender extends PodCandidate {
  readonly runner: Runner;
}

/** Creatives of one campaign that could take each other's place, in the order in which they are drawn. */
export interface Rotation {
  readonly order: readonly Runner[];
  /** So many of them race at once; the others are struck as `rotated`, and come in where one of those is refused. */
  readonly abreast: number;
  /** How many have come in. */
  entered: number;
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
  /** It counts in the stream: for a cap, or because it competes with others. */
  readonly inStream: boolean;
}

/** Everything that one request knows while it is decided. The steps fill it in. */
export interface Decision {
  readonly ask: Ask;
  readonly treatment: Treatment;
  readonly partition: number;
  readonly expiresAt: number;
  /** Null: the state store is away. */
  seen: readonly SeenIdentity[] | null;
  /** The stream's record. Null: the request belongs to no stream, or the state store is away. */
  stream: SeenStream | null;
  /** Every reservation that this decision may have taken in the stream. */
  readonly streamed: Set<string>;
  catalogStale: boolean;
  /** There is hardly room to write down what is spent. */
  readonly journalFull: boolean;
  /** The campaigns whose targeting allows this moment, in the order of their ids. */
  entrants: readonly Entrant[];
  /** All others, counted by why they did not even enter; explain can name each from `catalog`. */
  notEntered: ReadonlyMap<Reason, number>;
  /** The catalog as it was when matching ran. */
  catalog: readonly Campaign[];
  mark: CatalogMark;
  rotations: readonly Rotation[];
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
  /** Of those. */
  readonly mark: CatalogMark;
  /** Of an organisation, by name. */
  experimentsOf(organisation: string): readonly Experiment[];
  /** Those whose targeting allows this moment, in the order of their ids. */
  match(context: Context): readonly CampaignFacts[];
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
  readonly streams: StreamReserver;
  readonly uuid: () => string;
}

/** The creatives still in the race. */
export function racing(decision: Decision): readonly Runner[] {
  const runners: Runner[] = [];
  for (const entrant of decision.entrants) {
    for (const runner of entrant.runners) if (runner.struck === null) runners.push(runner);
  }
  return runners;
}

/** What struck it strikes every creative of its campaign: there is no money, or a cap of the whole campaign is full. */
export function strikesCampaign({ struck, facts }: Runner): boolean {
  if (struck === null) return false;
  if (struck !== 'cap_reached') return moneyReasons.has(struck);
  return facts.caps.every(({ scope, creativeId }) => scope === 'pod' || creativeId === null);
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

/** The held creatives beside the pod, best first. */
export function backupsOf(decision: Decision): readonly Held[] {
  return (decision.solution?.backups ?? []).flatMap(({ creativeId }) => decision.held.get(creativeId) ?? []);
}

/** The creatives that the decision chose: of the pod and beside it. */
export function chosenBy({ solution }: Decision): readonly PodCandidate[] {
  return solution === null ? [] : [...solution.ads.map(({ candidate }) => candidate), ...solution.backups];
}

/** What became of creatives: those in the pod won, those beside it are backups, and the rest lost or were struck before. */
export function outcomesOf(decision: Decision): (runner: Runner) => Outcome {
  const won = podOf(decision).map(({ held }) => held.runner);
  const spare = backupsOf(decision).map(({ runner }) => runner);
  return (runner) => {
    if (won.includes(runner)) return 'won';
    return spare.includes(runner) ? 'backup' : (runner.struck ?? 'lost');
  };
}

/** Whose candidate it is that the solver chose: it answers the very ones that it was given. */
export function runnerOf(candidate: PodCandidate): Runner {
  return (candidate as Contender).runner;
}
