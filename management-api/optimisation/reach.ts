import type { Campaign, TargetingRule } from '../../domain/campaign.ts';
import type { ReachFigures } from '../../domain/optimisation/recommendation.ts';
import type { Context } from '../../domain/request.ts';
import { normaliseContext } from '../../domain/targeting/context.ts';
import { matchCampaign } from '../../domain/targeting/plain-matcher.ts';
import { isSameClock } from '../../domain/zone.ts';
import type { ManagementParts } from '../parts.ts';
import { rowsOf } from '../warehouse.ts';
import { evidenceMs } from './evidence.ts';
import { seconds } from './figures.ts';

const contextsSampled = 400;
/** A campaign with more conditions than this is not tried without each. */
const conditionsMost = 40;

interface ContextRow extends Record<string, string | number | null> {
  readonly age: number | null;
  readonly household_income: string | null;
  readonly at: string;
}

/** Contexts of requests, spread over the span that the rules look at: the same sample for the same requests. */
export async function readContexts(
  parts: Pick<ManagementParts, 'warehouse'>,
  now: number,
): Promise<readonly Context[]> {
  const rows = await rowsOf<ContextRow>(
    parts,
    `SELECT country, region, city, dma, device_type, os, brand, content_category, content_genre, content_rating, age,
       gender, household_income, time_zone, toUnixTimestamp64Milli(received_at) AS at
     FROM breakwater.requests FINAL
     WHERE NOT duplicate AND minute >= toDateTime({since:UInt32}, 'UTC')
     ORDER BY cityHash64(request_id) LIMIT {most:UInt32}`,
    { since: seconds(now - evidenceMs), most: contextsSampled },
  );
  return rows.map((row) =>
    normaliseContext(
      {
        geo: { country: row.country, region: row.region, city: row.city, dma: row.dma },
        device: { type: row.device_type, os: row.os, brand: row.brand },
        content: { category: row.content_category, genre: row.content_genre, rating: row.content_rating },
        user: {
          age: row.age,
          gender: row.gender,
          household_income: row.household_income === null ? null : Number(row.household_income),
          time_zone: row.time_zone,
        },
      },
      Number(row.at),
    ),
  );
}

/** How many of the contexts a campaign's targeting lets in, and how many without each of its conditions. */
export function reachOf(campaign: Campaign, contexts: readonly Context[], now: number): ReachFigures {
  const { timeZone } = campaign;
  const matching = (targeting: readonly TargetingRule[]) =>
    contexts.filter((context) => matchCampaign({ targeting, timeZone }, context).ok);
  const matched = matching(campaign.targeting);
  const zones = new Set(matched.map((each) => each.timeZone));
  const others = new Set([...zones].filter((zone) => zone !== null && !isSameClock(zone, timeZone, now)));
  const all = campaign.targeting.flatMap(({ conditions }, rule) =>
    conditions.map(({ dimension }, condition) => ({ rule, condition, dimension })),
  );
  const tried = all.length > conditionsMost ? [] : all;
  return {
    sampled: contexts.length,
    matched: matched.length,
    onOtherClocks: matched.filter((each) => others.has(each.timeZone)).length,
    without: tried.map((one) => ({ ...one, matched: matching(withoutCondition(campaign, one)).length })),
  };
}

function withoutCondition(
  { targeting }: Campaign,
  at: { readonly rule: number; readonly condition: number },
): readonly TargetingRule[] {
  const left = targeting.map((rule, index) =>
    index === at.rule ? { ...rule, conditions: rule.conditions.filter((_, one) => one !== at.condition) } : rule,
  );
  // A rule without conditions holds always, as a campaign without rules does.
  return left.some(({ conditions }) => conditions.length === 0) ? [] : left;
}
