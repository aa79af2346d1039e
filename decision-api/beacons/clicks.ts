import type { CatalogCache } from '../catalog/catalog-cache.ts';
import { unverifiedFacts } from './tokens.ts';

/**
 * Where a click goes: to what the catalog says of the creative, else to what our signature vouches for. Never anywhere else, whatever
 * the URL says; and alike for a forged click on a creative that there is, so that nobody learns which URLs are genuine.
 */
export function clickTarget(
  token: unknown,
  signed: string | null,
  catalog: Pick<CatalogCache, 'campaign'>,
): string | null {
  const facts = typeof token === 'string' ? unverifiedFacts(token) : null;
  const campaign = facts === null ? undefined : catalog.campaign(facts.campaign);
  const creative = campaign?.creatives.find(({ id }) => id === facts?.creative);
  return webAddress(creative?.clickThrough ?? null) ?? webAddress(signed);
}

/** Null: not the address of a page, such as javascript: or data:. */
export function webAddress(text: string | null): string | null {
  const url = text === null ? null : URL.parse(text);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') ? url.href : null;
}
