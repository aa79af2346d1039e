/** Every bound of the management API, in one place. */
export const limits = {
  bodyBytes: 8 * 1024 * 1024,
  bodyLevels: 32,
  pageItems: 50,
  pageItemsMax: 500,
  /** Of one campaign. */
  rules: 200,
  conditions: 64,
  valuesOfCondition: 10_000,
  caps: 64,
  categories: 32,
  creatives: 500,
  mediaOfCreative: 32,
  /** Of each kind: icons, companions, captions, … */
  partsOfCreative: 16,
  trackersOfCreative: 64,
  markupChars: 100_000,
  /** Requests of one key or address in a minute; logins of one address in a minute. */
  requestsInMinute: 1_200,
  loginsInMinute: 20,
  /** Campaigns in one import. */
  importLines: 5_000,
} as const;
