import { retryAfterMs } from '../../domain/alerts/rule.ts';
import type { CatalogDesk } from '../../engines/catalog/desk.ts';
import { EngineError } from '../../engines/errors.ts';
import type { EventLog } from '../../engines/event-log/event-log.ts';
import { partitionOf } from '../../engines/event-log/partition.ts';
import { sendWebhook } from '../../engines/http/webhook.ts';
import { encode } from '../../schemas/codec.ts';
import { events } from '../../schemas/events.ts';

export interface EventRow {
  readonly id: string;
  readonly rule_id: string;
  readonly rule_name: string;
  readonly measure: string;
  readonly campaign_id: string | null;
  readonly state: 'RAISED' | 'CLEARED';
  readonly at: Date;
  readonly value: number | null;
  readonly detail: string;
}

interface DueRow extends EventRow {
  readonly webhook_url: string;
  readonly webhook_secret: string;
  readonly attempts: number;
}

const BATCH = 100;
/** Whoever took an event to send it and died leaves it to others after this long. */
const CLAIM_MS = 30_000;

/** Appends events to the topic in the order of their changes, at least once: `alert_id` tells a repetition. Answers how many. */
export async function publishEvents(desk: CatalogDesk, log: EventLog, now: number): Promise<number> {
  const { topic } = events.alert;
  const partitions = await log.partitions(topic);
  return desk.system(async (sql) => {
    const { rows } = await sql.query<EventRow>(
      `SELECT * FROM alert_events WHERE published_at IS NULL ORDER BY at, id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
    );
    if (rows.length === 0) return 0;
    await log.append(
      topic,
      rows.map((row) => {
        const key = row.campaign_id ?? row.rule_id;
        const value = encode('alert', {
          alert_id: row.id,
          campaign: row.campaign_id,
          rule: row.rule_name,
          state: row.state,
          at: row.at.getTime(),
          detail: row.detail,
        });
        return { partition: partitionOf(key, partitions), key, value };
      }),
    );
    await sql.query('UPDATE alert_events SET published_at = $2 WHERE id = ANY ($1::uuid[])', [
      rows.map(({ id }) => id),
      new Date(now),
    ]);
    return rows.length;
  });
}

/** Sends what is due to webhooks; what fails is tried again later, for about a day. Answers how many arrived. */
export async function sendEvents(desk: CatalogDesk, allowed: readonly string[], now: number): Promise<number> {
  const due = await desk.system(async (sql) => {
    const { rows } = await sql.query<DueRow>(
      `UPDATE alert_events SET next_attempt_at = $2, attempts = attempts + 1
       WHERE id IN (SELECT id FROM alert_events WHERE next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
       RETURNING *`,
      [new Date(now), new Date(now + CLAIM_MS)],
    );
    return rows;
  });
  const arrived = await Promise.all(due.map((row) => sendOne(row, desk, allowed, now)));
  return arrived.filter((one) => one).length;
}

async function sendOne(row: DueRow, desk: CatalogDesk, allowed: readonly string[], now: number): Promise<boolean> {
  const body = JSON.stringify(shownEvent(row));
  const { webhook_url: url, webhook_secret: secret, id } = row;
  const failure = await sendWebhook({ url, secret, id, sentAt: Math.floor(now / 1_000), body }, allowed).then(
    () => null,
    (error: unknown) => (error instanceof EngineError ? error.message : String(error)).slice(0, 500),
  );
  const again = failure === null ? null : retryAfterMs(row.attempts);
  await desk.system((sql) =>
    sql.query('UPDATE alert_events SET delivered_at = $2, next_attempt_at = $3, last_error = $4 WHERE id = $1', [
      id,
      failure === null ? new Date(now) : null,
      again === null ? null : new Date(now + again),
      failure,
    ]),
  );
  return failure === null;
}

/** As it is sent and listed. */
export function shownEvent(row: EventRow) {
  return {
    id: row.id,
    rule_id: row.rule_id,
    rule_name: row.rule_name,
    measure: row.measure,
    campaign_id: row.campaign_id,
    state: row.state === 'RAISED' ? ('raised' as const) : ('cleared' as const),
    at: row.at.toISOString(),
    value: row.value,
    detail: row.detail,
  };
}
