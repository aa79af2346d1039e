const iso = /^(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * A day or time of ISO 8601 in epoch ms; without a zone it is UTC's. Null: it is none, or one that there is not, such as 30 February.
 * Date.parse alone takes "order 3 of 2026" for a time, and one without a zone for the server's own.
 */
export function readInstant(text: string): number | null {
  const [all, year, month, day, zone] = iso.exec(text.trim()) ?? [];
  if (all === undefined) return null;
  const at = Date.parse(all.includes('T') && zone === undefined ? `${all}Z` : all);
  const last = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return Number.isFinite(at) && Number(day) <= last ? at : null;
}
