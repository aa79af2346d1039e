/** Whose everything is that names no organisation: requests of callers without a key, and what was there before organisations were. */
export const HOUSE_ORGANISATION = '00000000-0000-7000-a000-000000000001';
