import Type, { type Static } from 'typebox';
import { type AlertMeasure, alertMeasures, clearFault, isOfAllTraffic } from '../../domain/alerts/rule.ts';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import { outsideFault } from '../../engines/http/outside.ts';
import { Problem } from '../../engines/http/problem.ts';
import type { ManagementParts } from '../parts.ts';
import { closed, name, oneOf, orNull, uuid } from '../shapes.ts';

const fields = {
  measure: oneOf(...alertMeasures),
  comparison: oneOf('above', 'below'),
  threshold: Type.Number({ minimum: -1e15, maximum: 1e15 }),
  clear_threshold: Type.Number({
    minimum: -1e15,
    maximum: 1e15,
    description: 'cleared once the value is back on this side; default: the threshold, with which it then moves',
  }),
  window_seconds: Type.Integer({ minimum: 60, maximum: 86_400, description: 'default 300' }),
  campaign_id: orNull(uuid('watches one campaign; else all of the organisation')),
  enabled: Type.Boolean(),
  webhook_url: orNull(Type.String({ maxLength: 2_048, description: 'https; told of every change, signed' })),
};

export const newRule = closed(
  {
    name: name(100),
    measure: fields.measure,
    comparison: fields.comparison,
    threshold: fields.threshold,
    clear_threshold: Type.Optional(fields.clear_threshold),
    window_seconds: Type.Optional(fields.window_seconds),
    campaign_id: Type.Optional(fields.campaign_id),
    enabled: Type.Optional(fields.enabled),
    webhook_url: Type.Optional(fields.webhook_url),
  },
  {
    description:
      'delivery: done ÷ planned by now; spend: micros in the window; error_rate, fill, invalid_traffic: shares in the window; lag: requests not in the warehouse yet. fill and lag are of all traffic: only the default organisation watches them',
  },
);

export const rulePatch = closed(
  {
    name: Type.Optional(name(100)),
    comparison: Type.Optional(fields.comparison),
    threshold: Type.Optional(fields.threshold),
    clear_threshold: Type.Optional(fields.clear_threshold),
    window_seconds: Type.Optional(fields.window_seconds),
    enabled: Type.Optional(fields.enabled),
    webhook_url: Type.Optional(fields.webhook_url),
  },
  { minProperties: 1 },
);

export const rule = Type.Object({
  id: uuid(),
  version: Type.Integer(),
  name: Type.String(),
  ...fields,
  state: oneOf('clear', 'raised'),
  last_value: orNull(Type.Number()),
  evaluated_at: orNull(Type.String()),
  webhook_secret: Type.Optional(Type.String({ description: 'HMAC key of breakwater-signature; told this once' })),
});

export const event = Type.Object({
  id: uuid(),
  rule_id: uuid(),
  rule_name: Type.String(),
  measure: Type.String(),
  campaign_id: orNull(uuid()),
  state: oneOf('raised', 'cleared'),
  at: Type.String(),
  value: orNull(Type.Number()),
  detail: Type.String(),
  webhook: Type.Object({
    delivered_at: orNull(Type.String()),
    attempts: Type.Integer(),
    last_error: orNull(Type.String()),
  }),
});

/** A row of alert_rules. */
export interface RuleRow {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly measure: Static<typeof fields.measure>;
  readonly comparison: 'above' | 'below';
  readonly threshold: number;
  readonly clear_threshold: number;
  readonly window_seconds: number;
  readonly campaign_id: string | null;
  readonly enabled: boolean;
  readonly webhook_url: string | null;
  readonly webhook_secret: string | null;
  readonly raised: boolean;
  readonly last_value: number | null;
  readonly evaluated_at: Date | null;
}

/** As the API shows it: without the secret. */
export function shown(row: RuleRow): Static<typeof rule> {
  return {
    id: row.id,
    version: Number(row.version),
    name: row.name,
    measure: row.measure,
    comparison: row.comparison,
    threshold: row.threshold,
    clear_threshold: row.clear_threshold,
    window_seconds: row.window_seconds,
    campaign_id: row.campaign_id,
    enabled: row.enabled,
    webhook_url: row.webhook_url,
    state: row.raised ? 'raised' : 'clear',
    last_value: row.last_value,
    evaluated_at: row.evaluated_at?.toISOString() ?? null,
  };
}

interface Given {
  readonly comparison: 'above' | 'below';
  readonly threshold: number;
  readonly clearThreshold: number;
  readonly webhook_url?: string | null;
}

/** Throws Problem 422 with what contradicts itself. */
export function refuseFaults(given: Given, { webhookHosts }: ManagementParts): void {
  const clear = clearFault(given);
  const webhook = given.webhook_url ? outsideFault(given.webhook_url, webhookHosts) : null;
  const wrong = [
    ...(clear === null ? [] : [{ pointer: '/clear_threshold', detail: clear }]),
    ...(webhook === null ? [] : [{ pointer: '/webhook_url', detail: webhook }]),
  ];
  if (wrong.length === 0) return;
  throw new Problem(422, 'Contradicts itself', wrong.map((one) => `${one.pointer} ${one.detail}`).join('; '), wrong);
}

/** Throws Problem 403 for what is not of one organisation, 422 for what is not of one campaign. */
export function refuseForeign(
  { measure, campaign_id }: { readonly measure: AlertMeasure; readonly campaign_id?: string | null },
  organisation: string,
): void {
  if (!isOfAllTraffic(measure)) return;
  if (organisation !== HOUSE_ORGANISATION) {
    const detail = `${measure} is of all traffic: only the house’s default organisation watches it`;
    throw new Problem(403, 'Not of one organisation', detail, [{ pointer: '/measure', detail }]);
  }
  if (campaign_id) {
    const detail = `does not go with ${measure}, which is of all traffic`;
    throw new Problem(422, 'Contradicts itself', `/campaign_id ${detail}`, [{ pointer: '/campaign_id', detail }]);
  }
}
