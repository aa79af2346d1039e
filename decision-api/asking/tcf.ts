import { bytesOf, numberAt } from './bits.ts';

/** What of a TCF string decides whether anything may be stored. */
export interface TcfSaid {
  /** To store and read information on a device. */
  readonly purpose1: boolean;
  /** Consent for this vendor; true where none was asked about. */
  readonly vendor: boolean;
}

const VERSION_BITS = 6;

/** Places of the core string, in bits: IAB Transparency and Consent String v2. */
const EUROPE = { version: 2, purposesAt: 152, vendorsAt: 213 };
/** IAB Canada TCF v1: express consent to 24 purposes, then implied consent to them, then the vendors of both. */
const CANADA = { version: 1, expressAt: 151, impliedAt: 175, vendorsAt: 199 };

/**
 * Reads the core segment of a TCF v2 string. Null: it is none, or of another version. The IAB's own decoder is not asked here: there
 * are 8 kB of text over which it does not come to an end (docs/decisions/0050-consent-strings.md).
 */
export function readTcf(text: string, vendor: number | null): TcfSaid | null {
  const bytes = coreOf(text, EUROPE.version, EUROPE.vendorsAt);
  if (bytes === null) return null;
  return {
    purpose1: numberAt(bytes, EUROPE.purposesAt, 1) === 1,
    vendor: vendor === null || hasVendor(bytes, vendor),
  };
}

/** The same of Canada's, where consent may be express or implied. Vendors are read from a bit for each only. */
export function readTcfOfCanada(text: string, vendor: number | null): TcfSaid | null {
  const bytes = coreOf(text, CANADA.version, CANADA.vendorsAt);
  if (bytes === null) return null;
  return {
    purpose1: numberAt(bytes, CANADA.expressAt, 1) === 1 || numberAt(bytes, CANADA.impliedAt, 1) === 1,
    vendor: vendor === null || hasVendorOfCanada(bytes, vendor),
  };
}

function coreOf(text: string, version: number, bitsLeast: number): Buffer | null {
  const [core = ''] = text.split('.', 1);
  const bytes = bytesOf(core, bitsLeast);
  return bytes !== null && numberAt(bytes, 0, VERSION_BITS) === version ? bytes : null;
}

/** Vendors with consent: a bit for each, or at most 4,095 entries of one or of a range. */
function hasVendor(bytes: Buffer, vendor: number): boolean {
  const most = numberAt(bytes, EUROPE.vendorsAt, 16);
  if (vendor > most) return false;
  const list = EUROPE.vendorsAt + 17;
  if (numberAt(bytes, list - 1, 1) === 0) return numberAt(bytes, list + vendor - 1, 1) === 1;
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

/** Ranges are written in two ways there, which cannot be told apart: they have granted nothing. */
function hasVendorOfCanada(bytes: Buffer, vendor: number): boolean {
  let at = CANADA.vendorsAt;
  for (let list = 0; list < 2; list++) {
    const most = numberAt(bytes, at, 16);
    if (numberAt(bytes, at + 16, 1) === 1) return false;
    if (vendor <= most && numberAt(bytes, at + 16 + vendor, 1) === 1) return true;
    at += 17 + most;
  }
  return false;
}
