import { invalid } from '../asking/pod-rules.ts';

/** Where a break of a stream is, as VMAP says it, and where that is in seconds if anybody knows. */
export interface BreakPlace {
  readonly timeOffset: string;
  readonly seconds: number | null;
}

/** VMAP has two digits for hours. */
const MS_BELOW = 360_000_000;

/** HH:MM:SS.mmm. Throws Problem 400 from a hundred hours on. */
export function timeOffset(seconds: number, at: string): string {
  const ms = Math.round(seconds * 1000);
  if (ms >= MS_BELOW) throw invalid(at, 'must be below 360000 seconds in VMAP');
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`;
}

/**
 * A place in a list of breaks: `start` (`pre`), `end` (`post`), seconds, `HH:MM:SS[.mmm]`, `n%` in whole numbers, `#m`. Throws Problem 400
 * for anything else.
 */
export function readPlace(text: string, at: string, contentSeconds: number | null): BreakPlace {
  if (/^(start|pre|preroll)$/i.test(text)) return { timeOffset: 'start', seconds: 0 };
  if (/^(end|post|postroll)$/i.test(text)) return { timeOffset: 'end', seconds: contentSeconds };
  if (/^#[1-9]\d{0,3}$/.test(text)) return { timeOffset: text, seconds: null };
  const percent = /^\d{1,3}%$/.test(text) ? Number(text.slice(0, -1)) : null;
  if (percent !== null && percent <= 100) {
    const seconds = contentSeconds === null ? null : Math.round(contentSeconds * percent * 10) / 1000;
    return { timeOffset: `${percent}%`, seconds };
  }
  if (/^\d{1,6}(\.\d{1,3})?$/.test(text)) return { timeOffset: timeOffset(Number(text), at), seconds: Number(text) };
  const clock = /^(\d{2}):([0-5]\d):([0-5]\d(?:\.\d{3})?)$/.exec(text);
  if (clock) {
    const seconds = Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
    return { timeOffset: timeOffset(seconds, at), seconds };
  }
  throw invalid(at, 'must be start, end, seconds, HH:MM:SS, n% in whole numbers or #m');
}
