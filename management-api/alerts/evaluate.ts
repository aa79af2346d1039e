import {
  type AlertChange,
  type AlertRule,
  alertChange,
  isOfAllTraffic,
  type Measured,
} from '../../domain/alerts/rule.ts';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import type { CatalogDesk } from '../../engines/catalog/desk.ts';
import type { Random } from '../../engines/random.ts';
import { writeEvent } from './change-state.ts';
import { type MeasuringParts, measured } from './measures.ts';

export interface EvaluatingParts extends MeasuringParts {
  readonly desk: CatalogDesk;
  readonly random: Random;
}

interface RuleRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly name: string;
  readonly measure: AlertRule['measure'];
  readonly campaign_id: string | null;
  readonly comparison: AlertRule['comparison'];
  readonly threshold: number;
  readonly clear_threshold: number;
  readonly window_seconds: number;
  readonly version: string;
}

/**
 * Looks at every rule once; answers how many changed. The state of a rule and the event of its change are written in one
 * transaction that holds the rule's row, so each change has one event whoever evaluates and whoever dies. A measure that cannot
 * be read leaves its rule as it is, and is thrown when the others are done.
 */
export async function evaluateRules(parts: EvaluatingParts, now: number): Promise<number> {
  const rules = await parts.desk.system(async (sql) => {
    const { rows } = await sql.query<RuleRow>('SELECT * FROM alert_rules WHERE enabled ORDER BY id');
    // Defined when every organisation could ask for what is the house's.
    return rows.filter(({ measure, organisation_id: of }) => !isOfAllTraffic(measure) || of === HOUSE_ORGANISATION);
  });
  let changed = 0;
  let failure: unknown = null;
  for (const rule of rules) {
    try {
      const { organisation_id: organisation, campaign_id: campaign, window_seconds: windowSeconds } = rule;
      const watched = { organisation, campaign, windowSeconds, now };
      const value = await measured(rule.measure, watched, parts);
      if (await settle(rule, value, parts, now)) changed++;
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== null) throw failure;
  return changed;
}

/** True: the rule was raised or cleared by this value. Another evaluator, or a change of the rule meanwhile, goes first. */
function settle(rule: RuleRow, found: Measured, { desk, random }: EvaluatingParts, now: number): Promise<boolean> {
  const value = found === 'not_applicable' ? null : found;
  return desk.system(async (sql) => {
    const { rows } = await sql.query<{ raised: boolean; webhook_url: string | null; webhook_secret: string | null }>(
      'SELECT raised, webhook_url, webhook_secret FROM alert_rules WHERE id = $1 AND version = $2 AND enabled FOR UPDATE',
      [rule.id, rule.version],
    );
    const [state] = rows;
    if (state === undefined) return false;
    const change = alertChange({ ...rule, clearThreshold: rule.clear_threshold }, state.raised, found);
    const at = new Date(now);
    await sql.query(
      `UPDATE alert_rules SET raised = CASE WHEN $2::text IS NULL THEN raised ELSE $2 = 'RAISED' END,
         last_value = $3, evaluated_at = $4 WHERE id = $1`,
      [rule.id, change, value, at],
    );
    if (change === null) return false;
    const detail = detailOf(rule, change, value);
    await writeEvent(sql, { ...rule, ...state }, { id: random.uuid(), change, at, value, detail });
    return true;
  });
}

function detailOf(rule: RuleRow, change: AlertChange, value: number | null): string {
  if (value === null) return `${rule.measure} no longer applies: nothing that it is told of is left`;
  const side = rule.comparison;
  const limit = change === 'RAISED' ? rule.threshold : rule.clear_threshold;
  const now = Math.round(value * 1e6) / 1e6;
  return change === 'RAISED'
    ? `${rule.measure} is ${now}, ${side} ${limit}`
    : `${rule.measure} is ${now}, no longer ${side} ${limit}`;
}
