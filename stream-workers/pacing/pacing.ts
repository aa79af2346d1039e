import type { Campaign } from '../../domain/campaign.ts';
import { emptyMoney, heldOf } from '../../domain/ledger.ts';
import type { Forecast } from '../../domain/pacing/forecast.ts';
import { pacingInput } from '../../domain/pacing/pace.ts';
import { initialPacingState, type PacingState, pacingStatus, updateMu } from '../../domain/pacing/shadow-price.ts';
import { dayOf, startOfDay } from '../../domain/zone.ts';
import { keys } from '../../engines/state-store/keys.ts';
import { decodeBare } from '../../schemas/codec.ts';
import type { CampaignSums, MoneyRecord } from '../../schemas/records.ts';
import { keepOnly } from '../duty.ts';
import { createFirstSight, type Judged } from '../first-sight.ts';
import { type Drafted, SignalPublisher } from '../signals.ts';
import { Sparing } from '../sparing.ts';
import type { BeatContext, Outcome, Worker } from '../worker.ts';
import type { WorkerNeeds } from '../workers.ts';
import { closeMinutes } from './closing.ts';
import { OwnTraffic } from './own-traffic.ts';
import { addServed, ServedPlaces, takeServed } from './served.ts';
import { addToSums, type OpenSums, readOpenSums } from './sums.ts';
import { TrafficForecast } from './traffic-forecast.ts';

type PacingOutcome = 'passed_over' | 'billed' | 'counted' | 'duplicate' | 'late' | 'after_release' | 'tick';

const STEER_MS = 300;
const CLOSE_MS = 500;
/** How often it is asked whether the forecast is due to be read again. */
const FORECAST_MS = 5_000;

/** A signal goes out when the shadow price moves by a thousandth of the price. */
const MU_STEP_PPM = 1000;

/** Counts what is billable per decision minute, closes minutes for good, and steers spending by a shadow price. */
export function pacingWorker({ view, metrics }: WorkerNeeds): Worker {
  const firstSight = createFirstSight('pacing', { fenced: true });
  const publisher = new SignalPublisher('PACING');
  const counted = new Sparing<OpenSums>();
  const states = new Map<string, { state: PacingState; at: number }>();
  /** Taken and not yet closed, by campaign. */
  const held = new Map<string, number>();
  const forecast = new TrafficForecast();
  const traffic = new OwnTraffic();
  const places = new ServedPlaces();
  return {
    name: 'pacing',
    // Requests are read for one thing only: they know the money that a store forgot.
    reads: ['ad-beacons', 'ad-requests'],
    ticks: ['ad-beacons'],
    maxBatch: 500,
    // Whichever partition comes last has the requests and the beacons of all the others before it.
    fence: { restored: (_, context) => takeServed(context, view.campaigns) },
    beats: [
      firstSight.sweep,
      { everyMs: STEER_MS, run: (context) => steer(context) },
      { everyMs: CLOSE_MS, run: (context) => closing(context) },
      { everyMs: FORECAST_MS, run: (context) => forecast.refresh(context) },
    ],
    async handle(batch, context) {
      if (batch.topic === 'ad-requests') {
        await addServed(batch, context, places);
        return batch.records.map(({ offset }): Outcome => ({ offset, outcome: 'passed_over' }));
      }
      const judged = await context.measure('claim', () => firstSight.judge(batch, context));
      const end = (batch.records.at(-1)?.offset ?? -1) + 1;
      await context.measure('sums', () => addToSums(judged, batch.partition, end, context));
      for (const { beacon, judgement } of judged) {
        if (!judgement.billable) continue;
        publisher.causedBy(beacon.campaign, beacon.received_at);
        context.effect('counter', beacon.received_at);
      }
      return outcomes(
        batch.records.map(({ offset }) => offset),
        judged,
      );
    },
  };

  async function closing(context: BeatContext): Promise<void> {
    const holdsFirst = context.assigned().some(({ topic, partition }) => topic === 'ad-beacons' && partition === 0);
    if (!holdsFirst) return;
    const closed = await closeMinutes(context, view.campaigns, (minute, campaign) =>
      dayOf(minute * 60_000, campaign?.timeZone ?? 'UTC'),
    );
    metrics.closedMinute.set(closed);
  }

  async function steer(context: BeatContext): Promise<void> {
    const { now: turn, all } = await publisher.onDuty(context, view.campaigns.keys());
    if (all !== null) {
      for (const kept of [states, held]) keepOnly(kept, all);
      traffic.keepOnly(all);
    }
    metrics.heldMicros.set(held.values().reduce((sum, micros) => sum + micros, 0));
    if (turn.length === 0) return;
    const { value: open, fresh } = await counted.get(context.clock, async () =>
      readOpenSums(context, await context.log.partitions('ad-beacons')),
    );
    if (!fresh) publisher.again();
    const entries = await context.store.read(turn.map(keys.money));
    const drafts = turn.flatMap((id, index): Drafted[] => {
      const campaign = view.campaigns.get(id);
      if (!campaign) return [];
      const bytes = entries[index]?.bytes;
      const money = bytes ? decodeBare('money-record', bytes) : emptyMoney();
      held.set(id, heldOf(money).micros);
      const now = context.clock.now();
      const expected = traffic.of(campaign, forecast.now, open, now);
      return [draftFor(campaign, progressOf(campaign, money, open, now), expected, now)];
    });
    metrics.signals.inc({ kind: 'PACING' }, await publisher.publish(context, drafts));
    metrics.heldMicros.set(held.values().reduce((sum, micros) => sum + micros, 0));
  }

  function draftFor(campaign: Campaign, progress: ProgressNow, expected: Forecast, now: number): Drafted {
    const { state, at } = states.get(campaign.id) ?? { state: carriedState(campaign.id), at: now };
    const input = pacingInput(campaign, progress, now, now - at, expected);
    const next = input ? updateMu(state, input) : initialPacingState;
    states.set(campaign.id, { state: next, at: now });
    const status = input ? pacingStatus(input) : 'on_track';
    const mu = Math.round(next.muPpm / MU_STEP_PPM) * MU_STEP_PPM;
    return {
      draft: {
        campaign: campaign.id,
        mu_ppm: mu,
        pacing_status: status,
        spent_micros: progress.spentMicros,
        target_micros: input?.unit === 'micros' ? input.target : 0,
        impressions: progress.impressions,
        ...noScores,
      },
      mark: `${mu} ${status} ${progress.spentMicros} ${progress.impressions}`,
      carried: { mu_ppm: next.muPpm, dual_ppm: next.dualPpm },
    };
  }

  function carriedState(campaignId: string): PacingState {
    const last = publisher.last(campaignId);
    if (!last) return initialPacingState;
    return { ...initialPacingState, muPpm: last.mu_ppm, dualPpm: last.dual_ppm };
  }
}

const noScores = {
  ctr_ppm: 0,
  vtr_ppm: 0,
  completion_ppm: 0,
  quality_centi: 0,
  relevance_centi: 0,
  creatives: [],
  contexts: [],
};

interface ProgressNow {
  readonly spentMicros: number;
  readonly spentBeforeTodayMicros: number;
  readonly impressions: number;
  readonly impressionsBeforeToday: number;
}

/** Spent before the stream, billed in closed minutes and counted in open ones. A minute that the record has closed is not counted twice. */
function progressOf(campaign: Campaign, money: MoneyRecord, open: OpenSums, now: number): ProgressNow {
  const today = dayOf(now, campaign.timeZone);
  const midnight = startOfDay(today, campaign.timeZone);
  const day = money.days.find((one) => one.day === today);
  const before = campaign.spentBeforeMicros ?? 0;
  const ever = { micros: before + money.billed_micros, impressions: money.billed_impressions };
  const ofToday = { micros: day?.micros ?? 0, impressions: day?.impressions ?? 0 };
  for (const [minute, sums] of open) {
    const own: CampaignSums | undefined = sums.get(campaign.id);
    if (!own || minute <= money.closed_up_to) continue;
    for (const sum of minute * 60_000 < midnight ? [ever] : [ever, ofToday]) {
      sum.micros += own.billed_micros;
      sum.impressions += own.impressions;
    }
  }
  return {
    spentMicros: ever.micros,
    spentBeforeTodayMicros: ever.micros - ofToday.micros,
    impressions: ever.impressions,
    impressionsBeforeToday: ever.impressions - ofToday.impressions,
  };
}

function outcomes(offsets: readonly number[], judged: readonly Judged[]): readonly Outcome[] {
  const byOffset = new Map(judged.map((one) => [one.offset, one]));
  return offsets.map((offset) => ({ offset, outcome: outcomeOf(byOffset.get(offset)) }));
}

function outcomeOf(judged: Judged | undefined): PacingOutcome {
  if (!judged) return 'tick';
  const { late, duplicate, billable, spend_micros } = judged.judgement;
  if (late) return 'late';
  if (duplicate) return 'duplicate';
  if (!billable) return 'after_release';
  return spend_micros > 0 ? 'billed' : 'counted';
}
