import type { Campaign } from '../../domain/campaign.ts';
import { curveFault } from '../../domain/pacing/curve.ts';
import { impossibleRules } from '../../domain/targeting/can-match.ts';
import { canonicalZone } from '../../domain/zone.ts';
import { Problem, type Wrong } from '../../engines/http/problem.ts';

type Unversioned = Omit<Campaign, 'version'>;

/** Which status may follow which; a status may always stay. */
const following: Readonly<Record<Campaign['status'], readonly Campaign['status'][]>> = {
  draft: ['active', 'completed'],
  active: ['paused', 'completed'],
  paused: ['active', 'completed'],
  completed: [],
};

/** Flights between these years: beyond them somebody mistook a unit. */
const EARLIEST = Date.UTC(2000, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

/** Throws Problem 422 with every field that contradicts another. `rateMicros`: as the caller gave it, before it became a price. */
export function checkCampaign(campaign: Unversioned, before: Campaign | null, rateMicros: number | null): void {
  const wrong = wrongIn(campaign, before, rateMicros);
  if (wrong.length === 0) return;
  const detail = wrong.map((each) => `${each.pointer} ${each.detail}`).join('; ');
  throw new Problem(422, 'Contradicts itself', detail, wrong);
}

/** Every field that contradicts another. */
export function wrongIn(campaign: Unversioned, before: Campaign | null, rateMicros: number | null): readonly Wrong[] {
  return [
    ...wrongTimes(campaign),
    ...wrongMoney(campaign, rateMicros),
    ...wrongCurve(campaign),
    ...(before === null ? [] : wrongStatus(before.status, campaign.status)),
  ];
}

function wrongTimes({ startsAt, endsAt, timeZone }: Unversioned): Wrong[] {
  const wrong: Wrong[] = [];
  for (const [pointer, value] of [
    ['/starts_at', startsAt],
    ['/ends_at', endsAt],
  ] as const) {
    if (!(value >= EARLIEST && value <= LATEST)) wrong.push({ pointer, detail: 'must be a time from 2000 to 2100' });
  }
  if (wrong.length === 0 && endsAt <= startsAt) wrong.push({ pointer: '/ends_at', detail: 'must be after starts_at' });
  if (canonicalZone(timeZone) === null) {
    wrong.push({ pointer: '/time_zone', detail: 'must be an IANA time zone such as Europe/Berlin' });
  }
  return wrong;
}

function wrongMoney(campaign: Unversioned, rateMicros: number | null): Wrong[] {
  const wrong: Wrong[] = [];
  const { model, priceMicros } = campaign.pricing;
  const pointer = '/pricing/rate_micros';
  if (model === 'cpm' && rateMicros !== null && rateMicros % 1_000 !== 0) {
    wrong.push({ pointer, detail: 'must be a multiple of 1,000, so that one impression is a whole number of micros' });
  }
  if (model === 'flat' && (rateMicros ?? priceMicros) !== 0) {
    wrong.push({ pointer, detail: 'must be 0: a flat campaign pays its total_budget_micros over its flight' });
  }
  if (model === 'flat' && campaign.totalBudgetMicros === null) {
    wrong.push({ pointer: '/total_budget_micros', detail: 'is needed for a flat campaign' });
  }
  if (model !== 'flat' && priceMicros === 0 && campaign.tier !== 'house') {
    wrong.push({ pointer, detail: 'must be above 0 unless the tier is house' });
  }
  const { totalBudgetMicros: total, dailyBudgetMicros: daily } = campaign;
  if (total !== null && daily !== null && daily > total) {
    wrong.push({ pointer: '/daily_budget_micros', detail: 'must not be above total_budget_micros' });
  }
  return wrong;
}

function wrongCurve({ pacingMode, pacingCurve }: Unversioned): Wrong[] {
  const pointer = '/pacing_curve';
  if (!pacingCurve) return pacingMode === 'custom' ? [{ pointer, detail: 'is needed for pacing_mode custom' }] : [];
  if (pacingMode !== 'custom') return [{ pointer, detail: 'has no meaning unless pacing_mode is custom' }];
  const fault = curveFault(pacingCurve);
  return fault === null ? [] : [{ pointer: `${pointer}/${fault.index}`, detail: fault.detail }];
}

function wrongStatus(before: Campaign['status'], after: Campaign['status']): Wrong[] {
  if (before === after || following[before].includes(after)) return [];
  const lawful = following[before].join(', ') || 'nothing else';
  return [{ pointer: '/status', detail: `cannot become ${after}: ${before} is followed by ${lawful}` }];
}

/** What is lawful and probably not meant. */
export function warningsOf(campaign: Unversioned): readonly Wrong[] {
  const warnings = [...nobodyWarnings(campaign, '/targeting')];
  if (campaign.status === 'active' && !campaign.creatives.some(({ status }) => status === 'active')) {
    warnings.push({ pointer: '/creatives', detail: 'an active campaign without an active creative serves nothing' });
  }
  return warnings;
}

/** Rules that can match nobody. `at`: where the list of rules stands. */
export function nobodyWarnings(campaign: Pick<Campaign, 'targeting'>, at: string): readonly Wrong[] {
  const impossible = impossibleRules(campaign);
  const warnings = impossible.map(({ index, dimensions }) => ({
    pointer: `${at}/${index}`,
    detail: `can match nobody: what is excluded leaves nothing of ${dimensions.join(', ')}`,
  }));
  const all = impossible.length > 0 && impossible.length === campaign.targeting.length;
  return all
    ? [...warnings, { pointer: at, detail: 'no rule can match anybody: the campaign serves nothing' }]
    : warnings;
}
