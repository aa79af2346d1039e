import Type, { type Static } from 'typebox';
import type { Campaign } from '../../domain/campaign.ts';
import { type Recommendation, recommendationKinds } from '../../domain/optimisation/recommendation.ts';
import { recommend } from '../../domain/optimisation/rules.ts';
import { campaignOf } from '../campaigns/change.ts';
import { readDataAsOf } from '../optimisation/figures.ts';
import { readFindings } from '../optimisation/findings.ts';
import { requestOf } from '../optimisation/request-of.ts';
import { campaignsAfter } from '../optimisation/standing.ts';
import { cursorOf, pageQuery, placeOf } from '../pages.ts';
import { route } from '../route.ts';
import { closed, oneOf, orNull, uuid } from '../shapes.ts';

/** Campaigns that one page looks at. */
const campaignsOfPage = 100;

export const recommendation = Type.Object({
  kind: oneOf(...recommendationKinds),
  campaign_id: uuid(),
  campaign_name: Type.String(),
  subject: orNull(Type.String({ description: 'a creative, condition or hours; null: the campaign as a whole' })),
  why: Type.String(),
  evidence: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Null()])),
  effect: Type.Object(
    {
      measure: oneOf('impressions_per_day', 'completion_rate', 'spend_micros_per_day', 'probability_of_full_delivery'),
      expected: Type.Number(),
      low: Type.Number(),
      high: Type.Number(),
    },
    { description: 'the difference that the change makes; the interval holds nine in ten' },
  ),
  change: Type.Object(
    {
      method: oneOf('PATCH', 'PUT', 'POST'),
      path: Type.String(),
      if_match: orNull(Type.String()),
      body: Type.Record(Type.String(), Type.Unknown()),
    },
    { description: 'the call of this API that applies it' },
  ),
});

export const recommendationRoutes = [
  route({
    method: 'GET',
    path: '/api/v2/optimization/recommendations',
    tag: 'optimisation',
    summary: 'What could be changed, why, what it would do, and the call that does it',
    scope: 'reports:read',
    query: closed({
      cursor: pageQuery.cursor,
      campaign_id: Type.Optional(uuid()),
      kind: Type.Optional(oneOf(...recommendationKinds)),
    }),
    answer: Type.Object({
      items: Type.Array(recommendation),
      next_cursor: orNull(Type.String({ description: 'null once all campaigns were looked at' })),
      data_as_of: orNull(Type.String()),
    }),
    refuses: [404],
    handle: async (ask, parts) => {
      const { query } = ask;
      const now = parts.clock.now();
      const place = placeOf('recommendations', query.cursor);
      const one = query.campaign_id;
      const found = await ask.read(async (sql) =>
        one === undefined
          ? campaignsAfter(sql, place?.id ?? null, 'active', campaignsOfPage + 1)
          : [await campaignOf(sql, one)],
      );
      const page = found.slice(0, campaignsOfPage);
      const findings = await readFindings(page, parts, now);
      const items = findings.flatMap((each) => recommend(each).map((advice) => shownAdvice(advice, each.campaign)));
      const at = await readDataAsOf(parts, now);
      const last = page.at(-1);
      return {
        body: {
          items: items.filter(({ kind }) => query.kind === undefined || kind === query.kind),
          next_cursor:
            found.length > page.length && last ? cursorOf('recommendations', { value: '', id: last.id }) : null,
          data_as_of: at === null ? null : new Date(at).toISOString(),
        },
      };
    },
  }),
];

export function shownAdvice(advice: Recommendation, campaign: Campaign): Static<typeof recommendation> {
  const { expected, low, high, measure } = advice.effect;
  return {
    kind: advice.kind,
    campaign_id: campaign.id,
    campaign_name: campaign.name,
    subject: advice.subject,
    why: advice.why,
    evidence: { ...advice.evidence },
    effect: { measure, expected: rounded(expected), low: rounded(low), high: rounded(high) },
    change: requestOf(campaign, advice.change) as Static<typeof recommendation>['change'],
  };
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
