import { createHash } from 'node:crypto';
import type { EventLog } from '../../engines/event-log/event-log.ts';
import { decode } from '../../schemas/codec.ts';
import type { AdRequest, CampaignSignal } from '../../schemas/records.ts';
import { readTopic } from '../read-topic.ts';

/** What the log holds of decisions and of what moved them. */
export interface Decisions {
  /** One per request_id: the record with the lowest position. */
  readonly requests: readonly AdRequest[];
  readonly signals: readonly CampaignSignal[];
}

export async function readDecisions(log: EventLog): Promise<Decisions> {
  const requests = new Map<string, AdRequest>();
  const signals: CampaignSignal[] = [];
  await readTopic(log, 'ad-requests', ({ value }) => {
    const record = decode(value);
    if (record.name === 'ad-request' && !requests.has(record.value.request_id)) {
      requests.set(record.value.request_id, record.value);
    }
  });
  await readTopic(log, 'campaign-signals', ({ value }) => {
    const record = decode(value);
    if (record.name === 'campaign-signal') signals.push(record.value);
  });
  return { requests: [...requests.values()], signals };
}

/** SHA-256 over the sorted lines `request_id|slot|campaign|creative|price_micros`; slots count from 1. */
export function decisionsDigest(requests: readonly AdRequest[]): string {
  const lines = requests.flatMap((request) =>
    request.ads.map((ad) => `${request.request_id}|${ad.position}|${ad.campaign}|${ad.creative}|${ad.price_micros}`),
  );
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}
