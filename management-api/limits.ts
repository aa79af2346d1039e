/** Every bound of the management API, in one place. */
export const limits = {
  bodyBytes: 8 * 1024 * 1024,
  bodyLevels: 32,
  /** An upload of the largest file. */
  uploadMs: 900_000,
  pageItems: 50,
  pageItemsMax: 500,
  /** Of one campaign. */
  rules: 200,
  conditions: 64,
  valuesOfCondition: 10_000,
  caps: 64,
  categories: 32,
  creatives: 500,
  categoriesInTree: 20_000,
  categoryLevels: 32,
  mediaOfCreative: 32,
  /** Of each kind: icons, companions, captions, … */
  partsOfCreative: 16,
  trackersOfCreative: 64,
  markupChars: 100_000,
  /** Of one experiment. */
  arms: 20,
  /** In a minute: requests of one key that names no limit of its own, and of one user; logins of one address. */
  requestsInMinute: 1_200,
  loginsInMinute: 20,
  /** Of one address, before anybody knows whose key it sends: keys that are none, and all requests together. */
  refusedInMinute: 120,
  addressInMinute: 60_000,
  /** Of one import. */
  importLines: 5_000,
  importBytes: 64 * 1024 * 1024,
  importLineBytes: 1024 * 1024,
  faultsTold: 100,
  warningsTold: 1_000,
} as const;
