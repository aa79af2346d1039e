/** Tells one catalog from another: how many campaigns, and a sum over each one's id and version. */
export interface CatalogMark {
  readonly campaigns: number;
  readonly sum: number;
}

export const emptyMark: CatalogMark = { campaigns: 0, sum: 0 };
const sumBelow = 2 ** 52;

/** The mark with one more campaign. */
export function withCampaign({ campaigns, sum }: CatalogMark, id: string, version: number): CatalogMark {
  return { campaigns: campaigns + 1, sum: (sum + weigh(id, version)) % sumBelow };
}

/** The mark without a campaign that was in it. */
export function withoutCampaign({ campaigns, sum }: CatalogMark, id: string, version: number): CatalogMark {
  return { campaigns: campaigns - 1, sum: (sum + sumBelow - weigh(id, version)) % sumBelow };
}

/** FNV-1a twice, from two beginnings: 52 bits of what the two are. */
function weigh(id: string, version: number): number {
  const text = `${id} ${version}`;
  let high = 0x811c9dc5;
  let low = 0x2f0b4c47;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x01000193) ^ (low >>> 13);
  }
  return (high >>> 6) * 2 ** 26 + (low >>> 6);
}
