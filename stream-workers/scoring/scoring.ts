import type { Campaign } from '../../domain/campaign.ts';
import { isShowable } from '../../domain/creative.ts';
import type { Learnt } from '../../domain/scoring/contexts.ts';
import { applyBeacons, defaultHalfLifeMs, emptyScoreRecord } from '../../domain/scoring/counts.ts';
import { type Posteriors, posteriors, priorRates, type Rates } from '../../domain/scoring/rates.ts';
import { kindOfCreative } from '../../domain/scoring/rotation.ts';
import { bestShares } from '../../domain/scoring/shares.ts';
import { BROOM_MS, keys } from '../../engines/state-store/keys.ts';
import { decodeBare, encodeBare } from '../../schemas/codec.ts';
import { createFirstSight, type Judged } from '../first-sight.ts';
import { type Drafted, nothingCarried, SignalPublisher } from '../signals.ts';
import { Sparing } from '../sparing.ts';
import { update } from '../swap.ts';
import type { BeatContext, Context, Worker } from '../worker.ts';
import type { WorkerNeeds } from '../workers.ts';
import { ContextLearner } from './context-learner.ts';

type ScoringOutcome = 'counted' | 'duplicate' | 'late' | 'tick';

const PUBLISH_MS = 400;
const CONTEXTS_MS = 20_000;

/** Rates go out when they move by this much: a hundredth of a percent of views, a twentieth of a point of quality. */
const RATE_STEP_PPM = 100;
const QUALITY_STEP_CENTI = 5;

/** Learns from first sights how well each creative does, and where, and publishes rates, shares and quality per campaign. */
export function scoringWorker({ view, metrics }: WorkerNeeds): Worker {
  const firstSight = createFirstSight('scoring', { fenced: false });
  const publisher = new SignalPublisher('SCORE');
  const contexts = new ContextLearner();
  const believed = new Sparing<Posteriors>();
  const categoryOf = (id: string) => view.campaigns.get(id)?.categories[0]?.id ?? null;
  return {
    name: 'scoring',
    reads: ['ad-beacons'],
    ticks: [],
    maxBatch: 500,
    fence: null,
    beats: [
      firstSight.sweep,
      { everyMs: PUBLISH_MS, run: publish },
      { everyMs: CONTEXTS_MS, run: (context) => contexts.refresh(context, categoryOf) },
    ],
    async handle(batch, context) {
      const judged = await context.measure('claim', () => firstSight.judge(batch, context));
      const end = (batch.records.at(-1)?.offset ?? -1) + 1;
      await context.measure('count', () => count(judged, batch.partition, end, context));
      for (const { beacon, judgement } of judged) {
        if (judgement.billable) publisher.causedBy(beacon.campaign, beacon.received_at);
      }
      const byOffset = new Map(judged.map((one) => [one.offset, one]));
      return batch.records.map(({ offset }) => ({ offset, outcome: outcomeFor(byOffset.get(offset)) }));
    },
  };

  async function publish(context: BeatContext): Promise<void> {
    const { now: turn } = await publisher.onDuty(context, view.campaigns.keys());
    if (turn.length === 0) return;
    const { value: beliefs, fresh } = await believed.get(context.clock, () => believe(context));
    if (!fresh) publisher.again();
    const drafts = turn.flatMap((id) => {
      const campaign = view.campaigns.get(id);
      return campaign ? [draftFor(campaign, beliefs, contexts.learnt)] : [];
    });
    metrics.signals.inc({ kind: 'SCORE' }, await publisher.publish(context, drafts));
  }

  async function believe(context: BeatContext): Promise<Posteriors> {
    const partitions = await context.log.partitions('ad-beacons');
    const entries = await context.store.read(Array.from({ length: partitions }, (_, p) => keys.scores(p)));
    const records = entries.flatMap(({ bytes }) => (bytes ? [decodeBare('score-record', bytes)] : []));
    return posteriors(records, context.clock.now(), defaultHalfLifeMs, categoryOf);
  }
}

async function count(judged: readonly Judged[], partition: number, end: number, context: Context): Promise<void> {
  const counted = judged.filter(({ judgement }) => judgement.billable);
  if (counted.length === 0) return;
  const change = (bytes: Buffer | null) => {
    const record = bytes ? decodeBare('score-record', bytes) : emptyScoreRecord;
    if (record.position >= end) return null;
    const fresh = counted.filter(({ offset }) => offset >= record.position);
    return encodeBare('score-record', { ...applyBeacons(record, fresh), position: end });
  };
  await update(context.store, new Map([[keys.scores(partition), change]]), BROOM_MS);
}

function draftFor(campaign: Campaign, beliefs: Posteriors, learnt: Learnt): Drafted {
  const rates = beliefs.campaigns.get(campaign.id) ?? priorRates;
  const shares = sharesOf(campaign, beliefs);
  const creatives = campaign.creatives
    .map(({ id }) => id)
    .toSorted()
    .flatMap((creative) => {
      const own = beliefs.creatives.get(creative);
      const share = shares.get(creative) ?? null;
      return own || share !== null ? [{ creative, ...ratesOf(own ?? rates), share_ppm: share }] : [];
    });
  const quality = round(rates.qualityCenti, QUALITY_STEP_CENTI);
  const relevance = round(rates.relevanceCenti, QUALITY_STEP_CENTI);
  const draft = {
    campaign: campaign.id,
    ...noPacing,
    ...ratesOf(rates),
    quality_centi: quality,
    relevance_centi: relevance,
    creatives,
    contexts: learnt.of(campaign.id, campaign.categories[0]?.id ?? null),
  };
  return { draft, mark: JSON.stringify(draft), carried: nothingCarried };
}

/** Of creatives that could take each other's place, how likely each is the best: by clicks where clicks are paid, else by views to the end. */
function sharesOf(
  { id, advertiserId, pricing, creatives }: Campaign,
  beliefs: Posteriors,
): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  if (creatives.length < 2) return shares;
  const rate = pricing.model === 'cpc' ? 'ctr' : 'vtr';
  for (const group of Map.groupBy(creatives.filter(isShowable), kindOfCreative).values()) {
    if (group.length < 2) continue;
    const own = group.map((creative) => beliefs.belief(creative.id, { campaign: id, advertiser: advertiserId }, rate));
    for (const [at, share] of bestShares(own).entries()) shares.set(group[at]?.id ?? '', share);
  }
  return shares;
}

const noPacing = { mu_ppm: 0, pacing_status: 'on_track', spent_micros: 0, target_micros: 0, impressions: 0 };

function ratesOf(rates: Rates): { ctr_ppm: number; vtr_ppm: number; completion_ppm: number } {
  return {
    ctr_ppm: round(rates.ctrPpm, RATE_STEP_PPM),
    vtr_ppm: round(rates.vtrPpm, RATE_STEP_PPM),
    completion_ppm: round(rates.completionPpm, RATE_STEP_PPM),
  };
}

function round(value: number, step: number): number {
  return Math.round(value / step) * step;
}

function outcomeFor(judged: Judged | undefined): ScoringOutcome {
  if (!judged) return 'tick';
  if (judged.judgement.late) return 'late';
  return judged.judgement.duplicate ? 'duplicate' : 'counted';
}
