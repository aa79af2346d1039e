import { invalid } from '../asking/pod-rules.ts';

/** Where a break of a stream is, as VMAP says it, and where that is in seconds if anybody knows. */
export interface BreakPlace {
  readonly timeOffset: string;
  readonly seconds: number | null;
}

/** HH:MM:SS.mmm */
export function timeOffset(seconds: number): string {
  const ms = Math.round(seconds * 1000);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`;
}

/**
 * A place in a list of breaks: `start` (`pre`), `end` (`post`), seconds, `HH:MM:SS[.mmm]`, `n%`, `#m`. Throws Problem 400 for anything else.
 */
export function readPlace(text: string, at: string, contentSeconds: number | null): BreakPlace {
  if (/^(start|pre|preroll)$/i.test(text)) return { timeOffset: 'start', seconds: 0 };
  if (/^(end|post|postroll)$/i.test(text)) return { timeOffset: 'end', seconds: contentSeconds };
  if (/^#[1-9]\d{0,3}$/.test(text)) return { timeOffset: text, seconds: null };
  const percent = /^(\d{1,3})(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) : null;
  if (percent !== null && percent <= 100) {
    return { timeOffset: text, seconds: contentSeconds === null ? null : (contentSeconds * percent) / 100 };
  }
  if (/^\d{1,6}(\.\d{1,3})?$/.test(text)) return { timeOffset: timeOffset(Number(text)), seconds: Number(text) };
  const clock = /^(\d{2}):([0-5]\d):([0-5]\d(?:\.\d{3})?)$/.exec(text);
  if (clock) {
    const seconds = Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
    return { timeOffset: timeOffset(seconds), seconds };
  }
  throw invalid(at, 'must be start, end, seconds, HH:MM:SS, n% or #m');
}
