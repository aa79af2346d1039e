import type { Campaign } from '../../domain/campaign.ts';
import { curveFault } from '../../domain/pacing/curve.ts';
import { canonicalZone } from '../../domain/zone.ts';
import type { Wrong } from '../../engines/http/problem.ts';

type Unversioned = Omit<Campaign, 'version'>;
type Field = keyof Unversioned;

/** What some fields of a campaign must be beside each other. */
export interface CampaignRule {
  /** Only where one of these changes can a campaign begin to break the rule. */
  readonly of: readonly Field[];
  /** The MVP had no such rule: campaigns that came from it may break it, and go on as they are. */
  readonly sinceMvp?: true;
  /** `rateMicros`: as the caller gave it, before it became a price; null: not given. */
  wrong(campaign: Unversioned, rateMicros: number | null): Wrong | null;
}

/** Flights between these years: beyond them somebody mistook a unit. */
const EARLIEST = Date.UTC(2000, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

const RATE = '/pricing/rate_micros';

const rule = (
  of: readonly Field[],
  pointer: string,
  detail: string,
  isBroken: (campaign: Unversioned, rateMicros: number | null) => boolean,
): CampaignRule => ({
  of,
  wrong: (campaign, rateMicros) => (isBroken(campaign, rateMicros) ? { pointer, detail } : null),
});
const sinceMvp = (one: CampaignRule): CampaignRule => ({ ...one, sinceMvp: true });

const inOurTimes = (field: 'startsAt' | 'endsAt', pointer: string): readonly CampaignRule[] => {
  const detail = 'must be a time from 2000 to 2100';
  return [
    rule([field], pointer, detail, ({ [field]: at }) => !Number.isFinite(at)),
    sinceMvp(rule([field], pointer, detail, ({ [field]: at }) => at < EARLIEST || at > LATEST)),
  ];
};

const flight: readonly CampaignRule[] = [
  ...inOurTimes('startsAt', '/starts_at'),
  ...inOurTimes('endsAt', '/ends_at'),
  rule(['startsAt', 'endsAt'], '/ends_at', 'must be after starts_at', ({ startsAt, endsAt }) => endsAt < startsAt),
  sinceMvp(
    rule(['startsAt', 'endsAt'], '/ends_at', 'must be after starts_at', ({ startsAt, endsAt }) => endsAt === startsAt),
  ),
  rule(
    ['timeZone'],
    '/time_zone',
    'must be an IANA time zone such as Europe/Berlin',
    ({ timeZone }) => canonicalZone(timeZone) === null,
  ),
];

const money: readonly CampaignRule[] = [
  rule(
    ['pricing'],
    RATE,
    'must be a multiple of 1,000, so that one impression is a whole number of micros',
    ({ pricing }, rateMicros) => pricing.model === 'cpm' && rateMicros !== null && rateMicros % 1_000 !== 0,
  ),
  rule(
    ['pricing'],
    RATE,
    'must be 0: a flat campaign pays its total_budget_micros over its flight',
    ({ pricing }, rateMicros) => pricing.model === 'flat' && (rateMicros ?? pricing.priceMicros) !== 0,
  ),
  sinceMvp(
    rule(
      ['pricing', 'totalBudgetMicros'],
      '/total_budget_micros',
      'is needed for a flat campaign',
      ({ pricing, totalBudgetMicros }) => pricing.model === 'flat' && totalBudgetMicros === null,
    ),
  ),
  rule(
    ['pricing', 'tier'],
    RATE,
    'must be above 0 unless the tier is house',
    ({ pricing, tier }) => pricing.model !== 'flat' && pricing.priceMicros === 0 && tier !== 'house',
  ),
  rule(
    ['totalBudgetMicros', 'dailyBudgetMicros'],
    '/daily_budget_micros',
    'must not be above total_budget_micros',
    ({ totalBudgetMicros: total, dailyBudgetMicros: daily }) => total !== null && daily !== null && daily > total,
  ),
];

const curve: CampaignRule = {
  of: ['pacingMode', 'pacingCurve'],
  wrong({ pacingMode, pacingCurve }) {
    const pointer = '/pacing_curve';
    if (!pacingCurve) return pacingMode === 'custom' ? { pointer, detail: 'is needed for pacing_mode custom' } : null;
    if (pacingMode !== 'custom') return { pointer, detail: 'has no meaning unless pacing_mode is custom' };
    const fault = curveFault(pacingCurve);
    return fault === null ? null : { pointer: `${pointer}/${fault.index}`, detail: fault.detail };
  },
};

export const campaignRules: readonly CampaignRule[] = [...flight, ...money, curve];
export const rulesOfMvp = campaignRules.filter((each) => each.sinceMvp === undefined);
export const rulesSinceMvp = campaignRules.filter((each) => each.sinceMvp);
