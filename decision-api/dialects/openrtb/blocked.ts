import { domainToASCII } from 'node:url';
import type { Campaign } from '../../../domain/campaign.ts';
import type { Creative } from '../../../domain/creative.ts';
import type { BidRequest } from './request.ts';

type Blocks = (creative: Creative, campaign: Campaign) => boolean;

const read = new WeakMap<BidRequest, Blocks>();

/** Whether the seller wants nothing of this advertiser: asked of each creative, read from the request once. */
export function blockedBy(request: BidRequest): Blocks {
  const blocks = read.get(request) ?? blocksOf(request);
  read.set(request, blocks);
  return blocks;
}

function blocksOf({ bcat, acat, cattax = 1, badv }: BidRequest): Blocks {
  const domains = new Set(badv?.map(plainDomain).filter((domain) => domain !== ''));
  const blocked = new Set(bcat?.map(plainCategory));
  const allowed = acat?.length ? new Set(acat.map(plainCategory)) : null;
  return (creative, campaign) => {
    if (domains.size > 0 && withinOf(creative).some(isIn(domains))) {
      return true;
    }
    if (blocked.size === 0 && allowed === null) return false;
    const own = categoriesOf(creative, campaign, cattax);
    if (own.some((lineage) => lineage.some(isIn(blocked)))) return true;
    // Whoever lists what may come wants nothing that does not say what it is.
    return allowed !== null && (own.length === 0 || !own.every((lineage) => lineage.some(isIn(allowed))));
  };
}

/** "Video skip button", in AdCOM's list 5.3. */
const SKIPPABLE = 16;

/** A creative's attributes, with what follows from it. `toldSkip`: whether its document has a word for the second from which it may be skipped. */
export function attributesOf({ attributes = [], skipAfterSeconds }: Creative, toldSkip = true): readonly number[] {
  const follows = toldSkip && skipAfterSeconds !== undefined && !attributes.includes(SKIPPABLE);
  return follows ? [...attributes, SKIPPABLE] : attributes;
}

function isIn(set: ReadonlySet<string>): (each: string) => boolean {
  return (each) => set.has(each);
}

/** The advertiser's domains: as they were given, else where a click leads. */
export function domainsOf({ domains, clickThrough }: Creative): readonly string[] {
  if (domains?.length) return domains;
  const host = clickThrough === null ? undefined : URL.parse(clickThrough)?.hostname;
  return host ? [host.replace(/^www\./, '')] : [];
}

/** A domain as lists hold it, in one spelling: `WWW.brand.example.`, `.brand.example` and `https://brand.example/x` are `brand.example`. */
export function plainDomain(text: string): string {
  const host = text
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/[/?#:].*$/s, '')
    .replace(/^[*.]+/, '');
  // No pattern: one that ends there would begin again at each dot of a hostile text.
  let end = host.length;
  while (end > 0 && host[end - 1] === '.') end--;
  return domainToASCII(host.slice(0, end)).replace(/^www\.(?=.*\.)/, '');
}

const known = new WeakMap<Creative, readonly string[]>();

/** A creative's domains and all that they are within: of `a.b.c` itself, `b.c` and `c`. */
function withinOf(creative: Creative): readonly string[] {
  const found = known.get(creative);
  if (found) return found;
  const within = domainsOf(creative).flatMap((own) => {
    const parts = plainDomain(own).split('.');
    return parts.map((_, at) => parts.slice(at).join('.'));
  });
  known.set(creative, within);
  return within;
}

function plainCategory(id: string): string {
  return id.trim().toLowerCase();
}

/** What a creative states in a taxonomy, each with all that is known to be above it: IAB1-1 is within IAB1. */
function categoriesOf({ adCategories }: Creative, campaign: Campaign, cattax: number): readonly (readonly string[])[] {
  const stated = adCategories?.taxonomy === cattax ? adCategories.ids : [];
  // The ids of our own tree are the published ones of ad products.
  const product = cattax === 3 || cattax === 8 ? campaign.categories : [];
  return [
    ...stated.map(plainCategory).map((id) => [id, id.replace(/-.*/, '')]),
    ...product.map(({ id, ancestors }) => [id, ...ancestors].map(plainCategory)),
  ];
}
