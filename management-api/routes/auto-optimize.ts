import Type, { type Static } from 'typebox';
import { choose } from '../../domain/optimisation/choose.ts';
import { recommendationKinds } from '../../domain/optimisation/recommendation.ts';
import { recommend } from '../../domain/optimisation/rules.ts';
import { audit } from '../audit.ts';
import { limits } from '../limits.ts';
import { measureRun, spanOf } from '../optimisation/effects.ts';
import { readFindings } from '../optimisation/findings.ts';
import {
  applyChosen,
  drawOf,
  itemOf,
  type ListedRun,
  type RunItem,
  type RunRow,
  revertRun,
  runOf,
  runsAfter,
} from '../optimisation/runs.ts';
import { campaignsAfter } from '../optimisation/standing.ts';
import { momentOf, pageByTime, pageOf, pageQuery } from '../pages.ts';
import { route } from '../route.ts';
import { byId, closed, oneOf, orNull, uuid } from '../shapes.ts';
import { recommendation } from './recommendations.ts';

const tag = 'optimisation';
/** Active campaigns that one run looks at, the oldest. */
const campaignsMost = 500;

const asked = closed({
  kinds: Type.Array(oneOf(...recommendationKinds), { minItems: 1, maxItems: recommendationKinds.length }),
  campaign_ids: Type.Optional(Type.Array(uuid(), { minItems: 1, maxItems: campaignsMost })),
  max_changes: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'default 10' })),
  hold_out_percent: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 90,
      description: 'of the campaigns, left alone to measure against; default 10',
    }),
  ),
  max_price_change_percent: Type.Optional(Type.Integer({ minimum: 0, maximum: 50, description: 'default 20' })),
  max_extend_days: Type.Optional(Type.Integer({ minimum: 0, maximum: 90, description: 'default 14' })),
  dry_run: Type.Optional(Type.Boolean({ description: 'true: says what it would do and changes nothing' })),
});

const item = Type.Object({
  kind: oneOf(...recommendationKinds),
  campaign_id: uuid(),
  subject: orNull(Type.String()),
  why: Type.String(),
  outcome: oneOf(
    'applied',
    'would_apply',
    'held_out',
    'out_of_bounds',
    'beyond_max_changes',
    'refused',
    'changed_meanwhile',
  ),
  detail: orNull(Type.String()),
  expected_effect: recommendation.properties.effect,
  before: Type.Unknown(),
  after: Type.Unknown(),
  reverted: orNull(oneOf('reverted', 'changed_since')),
});

const head = {
  id: uuid(),
  at: Type.String(),
  actor: Type.String(),
  dry_run: Type.Boolean(),
  campaigns_looked_at: orNull(Type.Integer({ description: `at most ${campaignsMost}; null: not known` })),
  truncated: orNull(
    Type.Boolean({
      description: 'there are more active campaigns, which campaign_ids of another run can name; null: not known',
    }),
  ),
  reverted_at: orNull(Type.String()),
};

const run = Type.Object({ ...head, items: Type.Array(item) });

const listed = Type.Object({ ...head, applied: Type.Integer({ description: 'changes that it made' }) });

const measured = Type.Object({
  ...run.properties,
  measured_until: Type.String({
    description: 'when it was put back, or a later run changed one of its campaigns; else now',
  }),
  measured: Type.Array(
    Type.Object({
      kind: Type.String(),
      measure: Type.String(),
      treated: Type.Integer({ description: 'campaigns' }),
      held_out: Type.Integer({ description: 'campaigns' }),
      difference: orNull(Type.Number({ description: 'null with fewer than two campaigns on either side' })),
      low: orNull(Type.Number()),
      high: orNull(Type.Number()),
    }),
  ),
});

export const autoOptimizeRoutes = [
  route({
    method: 'POST',
    path: '/api/v2/optimization/auto-optimize',
    tag,
    summary: `Apply recommendations of these kinds within bounds, to the ${campaignsMost} oldest active campaigns or those that are named; part of them is held out to measure against`,
    scope: 'campaigns:write',
    body: asked,
    answer: run,
    status: 201,
    handle: async (ask, parts) => {
      const { body } = ask;
      const now = parts.clock.now();
      const wanted = body.campaign_ids?.map((id) => id.toLowerCase());
      const found = await ask.read(async (sql) =>
        wanted === undefined ? campaignsAfter(sql, null, 'active', campaignsMost + 1) : sql.campaigns(wanted),
      );
      const campaigns = found.slice(0, campaignsMost);
      const seen = { campaigns_looked_at: campaigns.length, truncated: found.length > campaigns.length };
      const findings = await readFindings(campaigns, parts, now);
      const advised = findings.flatMap((each) =>
        recommend(each).map((advice) => ({ advice, campaign: each.campaign })),
      );
      const id = parts.random.uuid();
      const bounds = {
        kinds: body.kinds,
        maxChanges: body.max_changes ?? 10,
        priceChangePercent: body.max_price_change_percent ?? 20,
        extendDays: body.max_extend_days ?? 14,
        holdOutPercent: body.hold_out_percent ?? 10,
      };
      const chosen = choose(advised, bounds, (campaign) => drawOf(id, campaign));
      const actor = ask.caller.actor;
      return ask.write(async (sql) => {
        const items =
          body.dry_run === true
            ? chosen.map((one) => itemOf(one, one.choice === 'apply' ? 'would_apply' : one.choice, one.detail))
            : await applyChosen(chosen, sql, actor, parts);
        const row: RunRow = { id, at: new Date(now), actor, request: { ...body }, items, reverted_at: null, ...seen };
        if (body.dry_run === true) return { body: shown(row), status: 200 };
        await sql.query(
          `INSERT INTO optimisation_runs (id, at, actor, request, items, campaigns_looked_at, truncated)
           VALUES ($1, $2, $3, $4, $5, $6, $7)`,
          [id, row.at, actor, JSON.stringify(body), JSON.stringify(items), seen.campaigns_looked_at, seen.truncated],
        );
        await audit(sql, {
          at: now,
          actor,
          action: 'create',
          resource: 'optimisation_run',
          id,
          before: null,
          after: { request: body, applied: items.filter(({ outcome }) => outcome === 'applied').length },
        });
        return { body: shown(row), location: `/api/v2/optimization/auto-optimize/${id}` };
      });
    },
  }),

  route({
    method: 'GET',
    path: '/api/v2/optimization/auto-optimize',
    tag,
    summary: 'List the runs, the newest first; dry runs are not kept',
    scope: 'reports:read',
    query: closed(pageQuery),
    answer: pageOf(listed),
    handle: async (ask) => {
      const limit = ask.query.limit ?? limits.pageItems;
      const after = momentOf('optimisation-runs', ask.query.cursor);
      const rows = await ask.read((sql) => runsAfter(sql, after, limit + 1));
      const shownListed = (row: ListedRun) => ({ ...shownHead(row), applied: row.applied });
      return { body: pageByTime('optimisation-runs', rows, limit, (row) => row.at, shownListed) };
    },
  }),

  route({
    method: 'GET',
    path: '/api/v2/optimization/auto-optimize/:id',
    tag,
    summary: 'What a run did, and what came of it against the campaigns that were held out',
    scope: 'reports:read',
    params: byId,
    answer: measured,
    handle: async (ask, parts) => {
      const { found, span } = await ask.read(async (sql) => {
        const found = await runOf(sql, ask.params.id);
        return { found, span: await spanOf(found, sql, parts.clock.now()) };
      }, 'fresh');
      const measured = (await measureRun(found, span, parts)).map((one) => ({ ...one }));
      return { body: { ...shown(found), measured_until: new Date(span.until).toISOString(), measured } };
    },
  }),

  route({
    method: 'POST',
    path: '/api/v2/optimization/auto-optimize/:id/revert',
    tag,
    summary: 'Put back what the run changed, where nobody has changed it since',
    scope: 'campaigns:write',
    params: byId,
    answer: run,
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const found = await runOf(sql, ask.params.id);
        const items = await revertRun(found, sql, ask.caller.actor, parts);
        const at = found.reverted_at ?? new Date(parts.clock.now());
        await sql.query('UPDATE optimisation_runs SET items = $2, reverted_at = $3 WHERE id = $1', [
          found.id,
          JSON.stringify(items),
          at,
        ]);
        return { body: shown({ ...found, items, reverted_at: at }) };
      }),
  }),
];

function shown(row: RunRow): Static<typeof run> {
  return { ...shownHead(row), items: row.items.map(shownItem) };
}

function shownHead(row: Omit<RunRow, 'items'>) {
  return {
    id: row.id,
    at: row.at.toISOString(),
    actor: row.actor,
    dry_run: row.request.dry_run === true,
    campaigns_looked_at: row.campaigns_looked_at,
    truncated: row.truncated,
    reverted_at: row.reverted_at?.toISOString() ?? null,
  };
}

function shownItem({ change: _, effect, ...rest }: RunItem): Static<typeof item> {
  return { ...rest, expected_effect: effect };
}
