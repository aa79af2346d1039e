import { createIsbotFromList, list } from 'isbot';

/** A pattern of the IAB/ABC International Spiders and Bots List. */
interface Pattern {
  readonly text: string;
  readonly exceptions: readonly string[];
  /** Only where a User-Agent begins with it. */
  readonly atStart: boolean;
}

/**
 * Programs of the known families that play video on televisions. isbot takes many of them for bots, since it knows browsers; so its
 * list is not asked about them.
 */
const players =
  /okhttp|exoplayer|androidxmedia3|dalvik|applecoremedia|avplayer|vlc|lavf|gstreamer|stagefright|libmpv|playstation|xbox|roku|tizen|web0s|webos|hbbtv|smart-?tv|crkey|aft[a-z]|bravia|vidaa|netcast/i;
/** Words that no player has in its name. CUBOT makes phones and tablets. */
const robots =
  /(?<!\bcu)bot\b|crawl|spider|slurp|curl\/|wget\/|python-requests|headless|scrapy|go-http-client|phantomjs/i;
/** Programs that send what somebody types: from the machine itself that is its operator, who tries something out. */
const tools = /^(?:curl|wget|httpie|python-requests|node|undici|go-http-client)\b/i;

export function isTool(userAgent: string): boolean {
  return tools.test(userAgent);
}

/** Of isbot's patterns those that name something: the others take everything for a bot that is not written like a browser. */
const named = createIsbotFromList(list.filter((pattern) => !pattern.startsWith('^')));

/**
 * Judges User-Agents by isbot and, where they were loaded, by the two lists of the IAB: `exclude` names robots, `include` names
 * browsers; where the second is given, what is in neither is no browser, as the list's rules have it.
 */
export class Agents {
  readonly #exclude: readonly Pattern[];
  readonly #include: readonly Pattern[] | null;
  readonly #known = new Map<string, boolean>();

  constructor(exclude: readonly string[], include: readonly string[] | null, now: number) {
    this.#exclude = exclude.flatMap((line) => readExclude(line, now));
    this.#include = include?.flatMap((line) => readInclude(line, now)) ?? null;
  }

  get size(): number {
    return this.#exclude.length + (this.#include?.length ?? 0);
  }

  isRobot(userAgent: string): boolean {
    const known = this.#known.get(userAgent);
    if (known !== undefined) return known;
    const robot = this.#judge(userAgent);
    if (this.#known.size >= agentsRemembered) this.#known.clear();
    this.#known.set(userAgent, robot);
    return robot;
  }

  #judge(userAgent: string): boolean {
    const text = userAgent.toLowerCase();
    if (this.#exclude.some((pattern) => matches(pattern, text))) return true;
    // What the list excepts by name is no robot by our words either.
    const rest = this.#exclude.reduce((left, pattern) => withoutExceptions(pattern, left), text);
    if (robots.test(rest)) return true;
    if (players.test(userAgent)) return false;
    if (named(rest)) return true;
    return this.#include !== null && !this.#include.some((pattern) => matches(pattern, text));
  }
}

const agentsRemembered = 10_000;

function withoutExceptions({ text, exceptions }: Pattern, userAgent: string): string {
  if (exceptions.length === 0 || !userAgent.includes(text)) return userAgent;
  return exceptions.reduce((left, exception) => left.replaceAll(exception, ' '), userAgent);
}

function matches({ text, exceptions, atStart }: Pattern, userAgent: string): boolean {
  if (atStart ? !userAgent.startsWith(text) : !userAgent.includes(text)) return false;
  return !exceptions.some((exception) => userAgent.includes(exception));
}

/** pattern|active|exceptions|one or two passes|impact|at start|inactive since. */
function readExclude(line: string, now: number): readonly Pattern[] {
  const [text, active, exceptions = '', , , atStart, inactive] = columnsOf(line);
  return pattern(text, active, exceptions, atStart, inactive, now);
}

/** pattern|active|at start|inactive since. */
function readInclude(line: string, now: number): readonly Pattern[] {
  const [text, active, atStart, inactive] = columnsOf(line);
  return pattern(text, active, '', atStart, inactive, now);
}

/** Lines that begin with # are remarks. */
function columnsOf(line: string): readonly string[] {
  return line.startsWith('#') ? [] : line.split('|').map((column) => column.trim().toLowerCase());
}

function pattern(
  text: string | undefined,
  active: string | undefined,
  exceptions: string,
  atStart: string | undefined,
  inactive: string | undefined,
  now: number,
): readonly Pattern[] {
  if (!text || active === '0') return [];
  // Inactive since a day, MM/DD/YYYY: a pattern is used until then.
  const until = inactive ? Date.parse(inactive) : Number.NaN;
  if (until < now) return [];
  return [
    {
      text,
      exceptions: exceptions
        .split(',')
        .map((each) => each.trim())
        .filter((each) => each !== ''),
      atStart: atStart === '1',
    },
  ];
}
