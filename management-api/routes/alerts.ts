import { randomBytes } from 'node:crypto';
import Type from 'typebox';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { clearRaised } from '../alerts/change-state.ts';
import { type EventRow, shownEvent } from '../alerts/send.ts';
import { event, newRule, type RuleRow, refuseFaults, refuseForeign, rule, rulePatch, shown } from '../alerts/shape.ts';
import { audit } from '../audit.ts';
import { campaignOf, sameVersion } from '../campaigns/change.ts';
import { limits } from '../limits.ts';
import { momentOf, pageByName, pageByTime, pageOf, pageQuery, placeOf } from '../pages.ts';
import type { ManagementParts } from '../parts.ts';
import { type Ask, route } from '../route.ts';
import { byId, closed, uuid } from '../shapes.ts';

const tag = 'alerts';

const rulesMost = 200;

export const alertRoutes = [
  route({
    method: 'POST',
    path: '/api/v2/alerts/rules',
    tag,
    summary: 'Define an alert',
    scope: 'reports:write',
    body: newRule,
    answer: rule,
    status: 201,
    toldOnce: true,
    refuses: [409, 422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const { body } = ask;
        refuseForeign(body, ask.caller.organisation);
        const clear = body.clear_threshold ?? body.threshold;
        refuseFaults({ ...body, clearThreshold: clear }, parts);
        if (body.campaign_id) await campaignOf(sql, body.campaign_id);
        const { rows: counted } = await sql.query<{ count: string }>('SELECT count(*) FROM alert_rules');
        if (Number(counted[0]?.count) >= rulesMost)
          throw new Problem(409, 'Too many alerts', `at most ${rulesMost} are kept`);
        await refuseTaken(sql, body.name, null);
        const id = parts.random.uuid();
        const secret = body.webhook_url ? newSecret() : null;
        await sql.query(
          `INSERT INTO alert_rules (id, name, measure, campaign_id, comparison, threshold, clear_threshold, window_seconds,
             enabled, webhook_url, webhook_secret) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
          [
            id,
            body.name,
            body.measure,
            body.campaign_id ?? null,
            body.comparison,
            body.threshold,
            clear,
            body.window_seconds ?? 300,
            body.enabled ?? true,
            body.webhook_url ?? null,
            secret,
          ],
        );
        const made = shown(await ruleOf(sql, id));
        await note(ask, sql, parts, 'create', id, null, made);
        return {
          body: { ...made, ...(secret === null ? {} : { webhook_secret: secret }) },
          version: made.version,
          location: `/api/v2/alerts/rules/${id}`,
        };
      }),
  }),

  route({
    method: 'GET',
    path: '/api/v2/alerts/rules',
    tag,
    summary: 'List the alerts with their states',
    scope: 'reports:read',
    query: closed(pageQuery),
    answer: pageOf(rule),
    handle: async (ask) => {
      const limit = ask.query.limit ?? limits.pageItems;
      const place = placeOf('alert-rules', ask.query.cursor);
      const { rows } = await ask.read((sql) =>
        sql.query<RuleRow>(
          `SELECT * FROM alert_rules WHERE $1::text IS NULL OR (name, id) > ($1, $2::uuid) ORDER BY name, id LIMIT $3`,
          [place?.value ?? null, place?.id ?? null, limit + 1],
        ),
      );
      return { body: pageByName('alert-rules', rows, limit, shown) };
    },
  }),

  route({
    method: 'GET',
    path: '/api/v2/alerts/rules/:id',
    tag,
    summary: 'Read an alert',
    scope: 'reports:read',
    params: byId,
    answer: rule,
    handle: async (ask) => {
      const body = shown(await ask.read((sql) => ruleOf(sql, ask.params.id), 'fresh'));
      return { body, version: body.version };
    },
  }),

  route({
    method: 'PATCH',
    path: '/api/v2/alerts/rules/:id',
    tag,
    summary: 'Change an alert; a new webhook URL gets a new secret, and one that is disabled is cleared',
    scope: 'reports:write',
    params: byId,
    body: rulePatch,
    answer: rule,
    versioned: true,
    toldOnce: true,
    refuses: [409, 422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const { body } = ask;
        const before = await ruleOf(sql, ask.params.id);
        sameVersion(ask.ifMatch, Number(before.version));
        refuseForeign({ measure: before.measure }, ask.caller.organisation);
        const after = { ...before, ...body };
        const keptClear = before.clear_threshold === before.threshold ? after.threshold : before.clear_threshold;
        const clear = body.clear_threshold ?? keptClear;
        refuseFaults({ ...after, clearThreshold: clear }, parts);
        if (body.name !== undefined) await refuseTaken(sql, body.name, before.id);
        if (!after.enabled) await clearRaised(sql, { rule: before.id }, 'the alert was disabled', parts);
        const isNew = body.webhook_url !== undefined && body.webhook_url !== before.webhook_url;
        const secret = isNew && body.webhook_url ? newSecret() : null;
        await sql.query(
          `UPDATE alert_rules SET name = $2, comparison = $3, threshold = $4, clear_threshold = $5, window_seconds = $6,
             enabled = $7, webhook_url = $8, webhook_secret = $9, version = version + 1, updated_at = NOW() WHERE id = $1`,
          [
            before.id,
            after.name,
            after.comparison,
            after.threshold,
            clear,
            after.window_seconds,
            after.enabled,
            after.webhook_url,
            isNew ? secret : before.webhook_secret,
          ],
        );
        const changed = shown(await ruleOf(sql, before.id));
        await note(ask, sql, parts, 'update', before.id, shown(before), changed);
        return {
          body: { ...changed, ...(secret === null ? {} : { webhook_secret: secret }) },
          version: changed.version,
        };
      }),
  }),

  route({
    method: 'DELETE',
    path: '/api/v2/alerts/rules/:id',
    tag,
    summary: 'Remove an alert, which is cleared first; its events stay',
    scope: 'reports:write',
    params: byId,
    versioned: true,
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const before = await ruleOf(sql, ask.params.id);
        sameVersion(ask.ifMatch, Number(before.version));
        await clearRaised(sql, { rule: before.id }, 'the alert was removed', parts);
        await sql.query('DELETE FROM alert_rules WHERE id = $1', [before.id]);
        await note(ask, sql, parts, 'delete', before.id, shown(before), null);
        return {};
      }),
  }),

  route({
    method: 'GET',
    path: '/api/v2/alerts/events',
    tag,
    summary: 'What was raised and cleared, the newest first',
    scope: 'reports:read',
    query: closed({ ...pageQuery, rule_id: Type.Optional(uuid()) }),
    answer: pageOf(event),
    handle: async (ask) => {
      const limit = ask.query.limit ?? limits.pageItems;
      const [at, id] = momentOf('alert-events', ask.query.cursor);
      const { rows } = await ask.read((sql) =>
        sql.query<EventRow & { delivered_at: Date | null; attempts: number; last_error: string | null }>(
          `SELECT * FROM alert_events WHERE ($1::timestamptz IS NULL OR (at, id) < ($1, $2::uuid)) AND ($3::uuid IS NULL OR rule_id = $3)
           ORDER BY at DESC, id DESC LIMIT $4`,
          [at, id, ask.query.rule_id ?? null, limit + 1],
        ),
      );
      const shownSent = (row: (typeof rows)[number]) => ({
        ...shownEvent(row),
        webhook: {
          delivered_at: row.delivered_at?.toISOString() ?? null,
          attempts: row.attempts,
          last_error: row.last_error,
        },
      });
      return { body: pageByTime('alert-events', rows, limit, (row) => row.at, shownSent) };
    },
  }),
];

async function ruleOf(sql: DeskTransaction, id: string): Promise<RuleRow> {
  const { rows } = await sql.query<RuleRow>('SELECT * FROM alert_rules WHERE id = $1', [id]);
  if (rows[0]) return rows[0];
  throw new Problem(404, 'Not found', `there is no alert ${id}`);
}

async function refuseTaken(sql: DeskTransaction, wanted: string, own: string | null): Promise<void> {
  const { count } = await sql.query('SELECT 1 FROM alert_rules WHERE name = $1 AND ($2::uuid IS NULL OR id <> $2)', [
    wanted,
    own,
  ]);
  if (count > 0) {
    throw new Problem(409, 'Name taken', 'another alert has this name', [{ pointer: '/name', detail: 'is taken' }]);
  }
}

function newSecret(): string {
  return `whs_${randomBytes(24).toString('base64url')}`;
}

function note(
  { caller }: Pick<Ask<unknown, unknown, unknown>, 'caller'>,
  sql: DeskTransaction,
  { clock }: ManagementParts,
  action: 'create' | 'update' | 'delete',
  id: string,
  before: unknown,
  after: unknown,
): Promise<void> {
  return audit(sql, { at: clock.now(), actor: caller.actor, action, resource: 'alert_rule', id, before, after });
}
