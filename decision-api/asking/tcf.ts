/** What of a TCF string decides whether anything may be stored. */
export interface TcfSaid {
  /** To store and read information on a device. */
  readonly purpose1: boolean;
  /** Consent for this vendor; true where none was asked about. */
  readonly vendor: boolean;
}

/** Places of the core string, in bits: IAB Transparency and Consent String v2. */
const VERSION_BITS = 6;
const PURPOSES_AT = 152;
const VENDORS_AT = 213;

/**
 * Reads the core segment of a TCF v2 string. Null: it is none, or of another version. The IAB's own decoder is not asked here: there
 * are 8 kB of text over which it does not come to an end (docs/decisions/0050-consent-strings.md).
 */
export function readTcf(text: string, vendor: number | null): TcfSaid | null {
  const [core = ''] = text.split('.', 1);
  if (!/^[A-Za-z0-9_-]{36,}$/.test(core)) return null;
  const bytes = Buffer.from(core, 'base64url');
  if (numberAt(bytes, 0, VERSION_BITS) !== 2) return null;
  return {
    purpose1: numberAt(bytes, PURPOSES_AT, 1) === 1,
    vendor: vendor === null || hasVendor(bytes, vendor),
  };
}

/** Vendors with consent: a bit for each, or at most 4,095 entries of one or of a range. */
function hasVendor(bytes: Buffer, vendor: number): boolean {
  const most = numberAt(bytes, VENDORS_AT, 16);
  if (vendor > most) return false;
  const list = VENDORS_AT + 17;
  if (numberAt(bytes, VENDORS_AT + 16, 1) === 0) return numberAt(bytes, list + vendor - 1, 1) === 1;
  const entries = numberAt(bytes, list, 12);
  let at = list + 12;
  for (let entry = 0; entry < entries; entry++) {
    const isRange = numberAt(bytes, at, 1) === 1;
    const first = numberAt(bytes, at + 1, 16);
    const last = isRange ? numberAt(bytes, at + 17, 16) : first;
    if (vendor >= first && vendor <= last) return true;
    at += isRange ? 33 : 17;
  }
  return false;
}

/** Beyond the end all bits are zero. */
function numberAt(bytes: Buffer, at: number, bits: number): number {
  let value = 0;
  for (let bit = at; bit < at + bits; bit++) value = value * 2 + (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
  return value;
}
