import type { Operations } from '../client/client.ts';
import { type ApiOptions, money, say, table, withApi } from './api-client.ts';

type Adjustment = Operations['GET /api/v2/adjustments/{id}']['answer'];
type NewAdjustment = Operations['POST /api/v2/adjustments']['input']['body'];

export interface AddOptions extends ApiOptions {
  readonly reason: NewAdjustment['reason'];
  readonly from: string;
  readonly to: string;
  readonly impressions?: number;
  readonly amountMicros?: number;
  readonly note?: string;
}

/** `breakwater adjustments add CAMPAIGN`: records what was billed and is not owed. */
export async function addAdjustmentCommand(campaign: string, given: AddOptions): Promise<void> {
  const { reason, from, to, impressions, amountMicros, note, ...options } = given;
  await withApi(options, async (client) => {
    const body: NewAdjustment = {
      campaign_id: campaign,
      reason,
      from,
      to,
      ...(impressions === undefined ? {} : { impressions }),
      ...(amountMicros === undefined ? {} : { amount_micros: amountMicros }),
      ...(note === undefined ? {} : { note }),
    };
    const made = (await client.call('POST /api/v2/adjustments', { body })).body;
    say(options, made, () => table([rowOf(made)]));
  });
}

/** `breakwater adjustments list`: the oldest first, all of them. */
export async function listAdjustmentsCommand({
  campaign,
  ...options
}: ApiOptions & { readonly campaign?: string }): Promise<void> {
  await withApi(options, async (client) => {
    const found: Adjustment[] = [];
    let cursor: string | null = null;
    do {
      const query = {
        limit: 500,
        ...(campaign === undefined ? {} : { campaign_id: campaign }),
        ...(cursor === null ? {} : { cursor }),
      };
      const page: Operations['GET /api/v2/adjustments']['answer'] = (
        await client.call('GET /api/v2/adjustments', { query })
      ).body;
      found.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null);
    say(options, found, () => (found.length === 0 ? 'no adjustments' : table(found.map(rowOf))));
  });
}

/** `breakwater adjustments reverse ID`: another entry of the same amount below zero. */
export async function reverseAdjustmentCommand(
  id: string,
  { note, ...options }: ApiOptions & { readonly note?: string },
): Promise<void> {
  await withApi(options, async (client) => {
    const input = { params: { id }, body: note === undefined ? {} : { note } };
    const made = (await client.call('POST /api/v2/adjustments/{id}/reversal', input)).body;
    say(options, made, () => table([rowOf(made)]));
  });
}

function rowOf(one: Adjustment) {
  return {
    id: one.id,
    campaign: one.campaign_id,
    reason: one.reason,
    from: one.from,
    impressions: one.impressions,
    amount: money(one.amount_micros),
    reverses: one.reverses ?? '',
    by: one.recorded_by,
    note: one.note ?? '',
  };
}
