import type { Run, SeedCampaign } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { tally, total, type Verdict, zoneDay } from './judge.ts';

export interface MoneyResult {
  readonly faults: readonly Fault[];
  readonly spend_micros_log: number;
  readonly spend_micros_warehouse: number;
  readonly spend_micros_pacing: number;
  readonly overspend_micros: number;
}

/** Spend counted four ways, to the micro, and held against every limit. */
export function checkMoney(run: Pick<Run, 'seed' | 'state' | 'warehouse'>, verdicts: readonly Verdict[]): MoneyResult {
  const byLog = tally(
    verdicts,
    ({ beacon }) => beacon.value.campaign,
    ({ spend }) => spend,
  );
  const byRows = tally(
    run.warehouse.beacons,
    (row) => row.campaign,
    (row) => row.spend_micros,
  );
  const pacing = paced(run.state);
  const impressions = tally(verdicts, ({ beacon }) => beacon.value.campaign, countImpression);
  const budgets = checkBudgets(run.seed, verdicts, byLog, impressions);
  return {
    faults: [
      ...fault(
        'spend_warehouse_differs',
        "spend by campaign: the warehouse's rows are not the log",
        differing(byLog, byRows),
      ),
      ...fault(
        'spend_pacing_differs',
        'spend by campaign: money and open minutes are not the log',
        differing(byLog, pacing.micros),
      ),
      ...fault(
        'impressions_pacing_differ',
        'billable impressions by campaign: pacing is not the log',
        differing(impressions, pacing.impressions),
      ),
      ...budgets.faults,
      ...checkTaken(run),
    ],
    spend_micros_log: total(byLog.values()),
    spend_micros_warehouse: total(byRows.values()),
    spend_micros_pacing: total(pacing.micros.values()),
    overspend_micros: budgets.overspend,
  };
}

export function countImpression({ beacon, billable }: Verdict): number {
  return billable && beacon.value.event === 'impression' ? 1 : 0;
}

/** Keys whose sums are not the same, with both. */
export function differing(left: ReadonlyMap<string, number>, right: ReadonlyMap<string, number>): string[] {
  const keys = new Set([...left.keys(), ...right.keys()]);
  return [...keys]
    .filter((key) => (left.get(key) ?? 0) !== (right.get(key) ?? 0))
    .map((key) => `${key}: ${left.get(key) ?? 0} and ${right.get(key) ?? 0}`);
}

/** What pacing has billed: closed minutes from the money records, later ones from the partitions' sums. */
function paced(state: Run['state']): { micros: Map<string, number>; impressions: Map<string, number> } {
  const micros = new Map<string, number>();
  const impressions = new Map<string, number>();
  const add = (sums: Map<string, number>, campaign: string, amount: number) =>
    sums.set(campaign, (sums.get(campaign) ?? 0) + amount);
  for (const [campaign, record] of state.money) {
    add(micros, campaign, record.billed_micros);
    add(impressions, campaign, record.billed_impressions);
  }
  for (const { minute, campaigns } of state.sums) {
    for (const sums of campaigns) {
      if (minute <= (state.money.get(sums.campaign)?.closed_up_to ?? 0)) continue;
      add(micros, sums.campaign, sums.billed_micros);
      add(impressions, sums.campaign, sums.impressions);
    }
  }
  return { micros, impressions };
}

function checkBudgets(
  seed: Run['seed'],
  verdicts: readonly Verdict[],
  spent: ReadonlyMap<string, number>,
  impressions: ReadonlyMap<string, number>,
): { faults: Fault[]; overspend: number } {
  const zoneOf = (campaign: string) => seed.get(campaign)?.timeZone ?? 'UTC';
  const byDay = tally(
    verdicts.filter(({ spend }) => spend > 0),
    ({ beacon: { value } }) => `${value.campaign} ${zoneDay(value.minute, zoneOf(value.campaign))}`,
    ({ spend }) => spend,
  );
  const budgets: string[] = [];
  const days: string[] = [];
  const goals: string[] = [];
  let overspend = 0;
  for (const campaign of seed.values()) {
    const over = (spent.get(campaign.id) ?? 0) - budgetOf(campaign);
    if (over > 0) budgets.push(`${campaign.id} (${campaign.name}) by ${over} micros`);
    overspend += Math.max(0, over, dailyOver(campaign, byDay, days));
    const goal = campaign.goalImpressions ?? Number.MAX_SAFE_INTEGER;
    if ((impressions.get(campaign.id) ?? 0) > goal) goals.push(`${campaign.id} (${campaign.name})`);
  }
  return {
    faults: [
      ...fault('budget_overspent', 'billed more than the budget', budgets),
      ...fault('daily_budget_overspent', 'billed more in a zone day than the daily budget', days),
      ...fault('goal_exceeded', 'more billable impressions than the goal', goals),
    ],
    overspend,
  };
}

/** What the stream may bill of the total budget: not what was spent before there was a stream. */
function budgetOf({ totalBudgetMicros, spentBeforeMicros = 0 }: SeedCampaign): number {
  return totalBudgetMicros === null ? Number.MAX_SAFE_INTEGER : totalBudgetMicros - spentBeforeMicros;
}

/** What a campaign billed beyond its daily budget, over all days; each such day is named. */
function dailyOver(campaign: SeedCampaign, byDay: ReadonlyMap<string, number>, named: string[]): number {
  if (campaign.dailyBudgetMicros === null) return 0;
  let sum = 0;
  for (const [key, micros] of byDay) {
    const over = micros - campaign.dailyBudgetMicros;
    if (!key.startsWith(campaign.id) || over <= 0) continue;
    named.push(`${key} (${campaign.name}) by ${over} micros`);
    sum += over;
  }
  return sum;
}

/** Money is taken before it is spent: billed and taken together never pass a limit. */
function checkTaken({ seed, state }: Pick<Run, 'seed' | 'state'>): Fault[] {
  const over: string[] = [];
  for (const [id, record] of state.money) {
    const campaign = seed.get(id);
    if (!campaign) continue;
    const held = total(record.taken.map((open) => open.micros));
    const heldImpressions = total(record.taken.map((open) => open.impressions));
    if (record.billed_micros + held > budgetOf(campaign)) over.push(`${id} budget`);
    if (record.billed_impressions + heldImpressions > (campaign.goalImpressions ?? Number.MAX_SAFE_INTEGER))
      over.push(`${id} goal`);
    const days = tally(
      record.days,
      ({ day }) => day,
      ({ micros }) => micros,
    );
    for (const { minute, micros } of record.taken) {
      const day = zoneDay(minute, campaign.timeZone);
      days.set(day, (days.get(day) ?? 0) + micros);
    }
    for (const [day, micros] of days)
      if (micros > (campaign.dailyBudgetMicros ?? Number.MAX_SAFE_INTEGER)) over.push(`${id} ${day}`);
  }
  return fault('money_overtaken', 'billed and taken together pass a limit', over);
}
