import { type AdRequestBody, askForPod, contradict, drawContent, forget, type Sitting } from './ad-request.ts';
import { type Asked, askIn, drawDialect } from './asking.ts';
import type { Call, Dialect, Due, Intent, Visit } from './call.ts';
import { localHour, zoneOffsetMs } from './clock.ts';
import { malform } from './malform.ts';
import type { Population, Viewer } from './population.ts';
import { Dice } from './random.ts';

export interface ScheduleOptions {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly seed: number;
  readonly startMs: number;
  readonly forMs: number;
  /** Per second, averaged over the run. */
  readonly rate: number;
  /** How many times faster than life a viewer's day goes by. */
  readonly compress: number;
  /** What players speak. */
  readonly dialects: readonly Dialect[];
}

/** A request at its time, and what is sent later with the same request_id, if anything. */
export interface Planned {
  readonly due: Due;
  /** A stitcher's own repetition. */
  readonly repeat: Due | null;
  /** Sent this long after the first answer; to be refused. */
  readonly conflict: { readonly afterMs: number; readonly call: Call } | null;
}

type Role = 'sound' | 'bot' | 'malformed' | 'missing_fields' | 'repeat' | 'conflict';

/** Shares of all requests. Each role that has a share gets at least one request. */
const SHARES: readonly (readonly [Role, number])[] = [
  ['missing_fields', 0.05],
  ['repeat', 0.02],
  ['bot', 0.01],
  ['malformed', 0.02],
  ['conflict', 0.003],
];
const CORE_SHARE = 0.25;
const SLICES = 96;
const CRAWLER = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
/** How much is watched at each hour of the local day, from midnight. */
const DAY = [5, 3, 2, 1, 1, 2, 4, 6, 7, 7, 7, 8, 9, 9, 9, 10, 12, 15, 19, 23, 25, 23, 17, 10] as const;

/** All requests of a run in order of time: a pure function of the options and the population. */
export function planRequests(options: ScheduleOptions, population: Population): Planned[] {
  const count = Math.max(1, Math.round((options.rate * options.forMs) / 1000));
  const slices = watching(options, population);
  const roles = dealRoles(options.seed, count);
  const times = spread(options, slices, count);
  const sittings = new Map<string, { sitting: Sitting; next: number; breaks: number }>();
  let malformedSoFar = 0;
  return times.map((at, ordinal) => {
    const dice = new Dice(options.seed, `request ${ordinal}`);
    const slice = Math.min(SLICES - 1, Math.floor(((at - options.startMs) / options.forMs) * SLICES));
    const viewer = whoAsks(dice, population, slices[slice]?.cumulative ?? []);
    let seat = sittings.get(viewer.name);
    if (!seat || seat.next >= seat.breaks) {
      seat = { sitting: sitDown(dice, options, viewer, ordinal), next: 0, breaks: dice.whole(2, 5) };
      sittings.set(viewer.name, seat);
    }
    const requestId = `${options.startMs.toString(36)}-${options.seed}-${ordinal}-${dice.hex(8)}`;
    const asked = askForPod(dice, seat.sitting, requestId, seat.next++);
    const role = roles[ordinal] ?? 'sound';
    const variant = role === 'malformed' ? malformedSoFar++ : 0;
    return dress({ options, dice, at, ordinal, role, variant, sitting: seat.sitting, ...asked });
  });
}

interface Dressing {
  readonly options: ScheduleOptions;
  readonly dice: Dice;
  readonly at: number;
  readonly ordinal: number;
  readonly role: Role;
  readonly variant: number;
  readonly sitting: Sitting;
  readonly body: AdRequestBody;
  readonly seconds: number;
}

function dress(d: Dressing): Planned {
  const bot = d.role === 'bot';
  const userAgent = bot ? CRAWLER : d.sitting.device.platform.userAgent;
  const dialect = drawDialect(new Dice(d.options.seed, `dialect ${d.ordinal}`), d.options.dialects);
  // The same words for each thing that is sent of a request.
  const say = (body: AdRequestBody, seconds = d.seconds) =>
    askIn(dialect, new Dice(d.options.seed, `words ${d.ordinal}`), body, seconds);
  const body = d.role === 'missing_fields' ? forget(d.dice, d.body) : bot ? withCrawler(d.body) : d.body;
  const asked = say(body);
  const visit: Visit = {
    ordinal: d.ordinal,
    viewer: d.sitting.viewer.name,
    userAgent,
    bot,
    requestId: d.body.request_id,
    dialect,
    requestedSeconds: asked.seconds,
    conflict: d.role === 'conflict',
    answered: false,
  };
  const send = (intent: Intent, what: Asked, of: Visit | null) =>
    adRequestCall(d.options.baseUrl, visit, intent, what, of);
  if (d.role === 'malformed') {
    const broken = malform(d.variant, d.body, d.options.dialects);
    const told = { ...visit, dialect: broken.dialect, requestedSeconds: d.seconds };
    const call = adRequestCall(d.options.baseUrl, told, 'malformed', broken, broken.refused ? null : told);
    return { due: { at: d.at, call }, repeat: null, conflict: null };
  }
  const intent = bot ? 'bot' : d.role === 'missing_fields' ? 'missing_fields' : 'normal';
  const afterMs = d.dice.chance(0.5) ? 0 : d.dice.whole(40, 600);
  const other = contradict(d.body);
  return {
    due: { at: d.at, call: send(intent, asked, visit) },
    repeat: d.role === 'repeat' ? { at: d.at + afterMs, call: send('retry', asked, visit) } : null,
    conflict:
      d.role === 'conflict' ? { afterMs: d.dice.whole(50, 400), call: send('malformed', say(other, 45), null) } : null,
  };
}

function adRequestCall(baseUrl: string, visit: Visit, intent: Intent, asked: Asked, of: Visit | null): Call {
  return {
    kind: 'ad-request',
    intent,
    viewer: visit.viewer,
    userAgent: visit.userAgent,
    method: asked.method,
    url: baseUrl + asked.path,
    accept: asked.accept,
    dialect: visit.dialect,
    body: asked.body,
    payload: asked.payload,
    cb: null,
    event: null,
    adId: null,
    requestId: visit.requestId,
    beacons: 0,
    visit: of,
    attempt: 1,
    firstAt: null,
  };
}

function withCrawler(body: AdRequestBody): AdRequestBody {
  const device = body.device;
  return { ...body, device: { ...(typeof device === 'object' ? device : {}), ua: CRAWLER } };
}

function sitDown(dice: Dice, options: ScheduleOptions, viewer: Viewer, ordinal: number): Sitting {
  return {
    sessionId: `s-${options.startMs.toString(36)}-${options.seed}-${ordinal}`,
    viewer,
    device: dice.pick(viewer.household.devices),
    content: drawContent(dice),
  };
}

interface Slice {
  readonly total: number;
  /** Running sum of how keenly each viewer watches. */
  readonly cumulative: readonly number[];
}

function watching(options: ScheduleOptions, population: Population): Slice[] {
  const zones = new Map<string, number>();
  return Array.from({ length: SLICES }, (_, index) => {
    const lifeMs = options.startMs + ((index * options.forMs) / SLICES) * options.compress;
    let total = 0;
    const cumulative = population.viewers.map((viewer) => {
      const { timeZone } = viewer.household.place;
      const offset = zones.get(timeZone) ?? zoneOffsetMs(timeZone, options.startMs);
      zones.set(timeZone, offset);
      total += DAY[Math.floor(localHour(lifeMs, offset))] ?? 1;
      return total;
    });
    return { total, cumulative };
  });
}

/** Requests fall thick where many watch; their number is fixed, so that a run at night is no smaller. */
function spread(options: ScheduleOptions, slices: readonly Slice[], count: number): number[] {
  const dice = new Dice(options.seed, 'times');
  const sum = slices.reduce((total, slice) => total + slice.total, 0);
  const widthMs = options.forMs / slices.length;
  const times: number[] = [];
  let before = 0;
  let index = 0;
  for (let k = 0; k < count; k++) {
    const mark = ((k + dice.unit()) / count) * sum;
    while (index < slices.length - 1 && before + (slices[index]?.total ?? 0) <= mark)
      before += slices[index++]?.total ?? 0;
    const within = (mark - before) / (slices[index]?.total ?? 1);
    times.push(Math.floor(options.startMs + (index + Math.min(within, 0.999)) * widthMs));
  }
  return times;
}

function whoAsks(dice: Dice, population: Population, cumulative: readonly number[]): Viewer {
  const [anyone] = population.viewers;
  if (!anyone) throw new RangeError('the population is empty');
  if (dice.chance(CORE_SHARE)) return population.core[dice.whole(0, population.core.length - 1)] ?? anyone;
  const mark = dice.unit() * (cumulative.at(-1) ?? 0);
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] ?? 0) > mark) high = middle;
    else low = middle + 1;
  }
  return population.viewers[low] ?? anyone;
}

function dealRoles(seed: number, count: number): Role[] {
  const roles: Role[] = Array.from({ length: count }, () => 'sound');
  let filled = 0;
  for (const [role, share] of SHARES) {
    const upTo = Math.min(count, filled + Math.max(1, Math.round(share * count)));
    roles.fill(role, filled, upTo);
    filled = upTo;
  }
  const dice = new Dice(seed, 'roles');
  for (let last = count - 1; last > 0; last--) {
    const other = dice.whole(0, last);
    const [a, b] = [roles[last] ?? 'sound', roles[other] ?? 'sound'];
    roles[last] = b;
    roles[other] = a;
  }
  return roles;
}
