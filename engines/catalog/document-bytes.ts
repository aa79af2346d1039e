import type { Campaign } from '../../domain/campaign.ts';
import { EngineError } from '../errors.ts';

/** A campaign travels as one record of the log. The rest of what the log takes is room for what others add, such as longer names. */
export const DOCUMENT_BYTES_MAX = 700 * 1024;

type Document = Omit<Campaign, 'version'>;

/**
 * Throws EngineError `too_large` for a campaign that is larger than DOCUMENT_BYTES_MAX, unless it was as large already: one
 * from before can still be paused, completed and made smaller.
 */
export async function demandCarriable(campaign: Document, earlier: () => Promise<Document | undefined>): Promise<void> {
  const bytes = bytesOf(campaign);
  if (bytes <= DOCUMENT_BYTES_MAX) return;
  const before = await earlier();
  if (before !== undefined && bytes <= bytesOf(before)) return;
  const told = `the campaign "${campaign.name}" would be ${bytes} bytes as a document, more than ${DOCUMENT_BYTES_MAX}`;
  throw new EngineError('too_large', told);
}

/** Without what every change of status changes. */
function bytesOf(campaign: Document): number {
  return Buffer.byteLength(JSON.stringify({ ...campaign, status: '', version: 0 }));
}
