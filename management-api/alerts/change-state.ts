import type { AlertChange, AlertMeasure } from '../../domain/alerts/rule.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import type { ManagementParts } from '../parts.ts';

/** What an event keeps of its rule, and where it is sent. */
export interface ChangedRule {
  readonly id: string;
  readonly organisation_id: string;
  readonly name: string;
  readonly measure: AlertMeasure;
  readonly campaign_id: string | null;
  readonly webhook_url: string | null;
  readonly webhook_secret: string | null;
}

interface Said {
  readonly id: string;
  readonly change: AlertChange;
  readonly at: Date;
  /** Null: nothing was measured. */
  readonly value: number | null;
  readonly detail: string;
}

/** Writes the event of a change, in the transaction that changes the rule's state. */
export async function writeEvent(
  sql: DeskTransaction,
  rule: ChangedRule,
  { id, change, at, value, detail }: Said,
): Promise<void> {
  await sql.query(
    `INSERT INTO alert_events (id, organisation_id, rule_id, rule_name, measure, campaign_id, state, at, value, detail,
       webhook_url, webhook_secret, next_attempt_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8::timestamptz, $9, $10, $11::text, $12,
       CASE WHEN $11::text IS NULL THEN NULL ELSE $8::timestamptz END)`,
    [
      id,
      rule.organisation_id,
      rule.id,
      rule.name,
      rule.measure,
      rule.campaign_id,
      change,
      at,
      value,
      detail,
      rule.webhook_url,
      rule.webhook_secret,
    ],
  );
}

/**
 * Clears what is raised of one rule, or of the rules of one campaign, before they are looked at no more: who was told of a trouble
 * is told that nobody watches it. Holds the rules, so that an evaluation under way has raised them by then, or never will.
 */
export async function clearRaised(
  sql: DeskTransaction,
  of: { readonly rule: string } | { readonly campaign: string },
  why: string,
  { clock, random }: Pick<ManagementParts, 'clock' | 'random'>,
): Promise<void> {
  const [column, id] = 'rule' in of ? ['id', of.rule] : ['campaign_id', of.campaign];
  const { rows } = await sql.query<ChangedRule & { raised: boolean; evaluated_at: Date | null }>(
    `SELECT * FROM alert_rules WHERE ${column} = $1 ORDER BY id FOR UPDATE`,
    [id],
  );
  for (const rule of rows.filter(({ raised }) => raised)) {
    // After the event that raised it, whichever process's clock that went by.
    const at = new Date(Math.max(clock.now(), (rule.evaluated_at?.getTime() ?? 0) + 1));
    await writeEvent(sql, rule, { id: random.uuid(), change: 'CLEARED', at, value: null, detail: why });
    await sql.query('UPDATE alert_rules SET raised = false WHERE id = $1', [rule.id]);
  }
}
