import type { Campaign } from '../../domain/campaign.ts';
import type { AdvertiserOwner } from '../../engines/catalog/catalog.ts';
import { Networks } from '../traffic/networks.ts';
import type { Caller, CallingRequest } from './callers.ts';

/** Who reads why a decision is as it is. */
export interface Reader {
  /** Null: the house's own machines, which read all. */
  readonly organisation: string | null;
  /** Whether a campaign's name, price, caps and pacing may be told. */
  owns(campaign: Pick<Campaign, 'advertiserId'>): boolean;
}

/** Reads everything: whoever has the house's disk. */
export const houseReader: Reader = { organisation: null, owns: () => true };

const loopback = new Networks(['127.0.0.0/8', '::1']);

/** A proxy, or a page of a browser, that hands on what somebody else asks. */
const handedOn = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via', 'origin'] as const;

/** The holder of a key reads for their organisation; a machine of a trusted network, or this one, for the house. Null: nobody else reads. */
export function readerOf(
  { key, class: known }: Caller,
  { ip, headers }: CallingRequest,
  advertisers: ReadonlyMap<string, AdvertiserOwner>,
): Reader | null {
  if (key !== null) {
    const { organisation } = key;
    return { organisation, owns: ({ advertiserId }) => advertisers.get(advertiserId)?.organisation === organisation };
  }
  if (known !== 'network' && !loopback.has(ip)) return null;
  return handedOn.some((header) => headers[header] !== undefined) ? null : houseReader;
}
