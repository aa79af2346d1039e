import type { Clock } from '../../engines/clock.ts';
import { seededRandom } from '../../engines/random.ts';
import { settings } from './settings.ts';

export const servers = ['kafka', 'redis', 'postgres', 'chdb'] as const;
export type ServerName = (typeof servers)[number];

/** Processes of ours that are struck. */
export const roles = ['workers', 'decision-api', 'management'] as const;
export type Role = (typeof roles)[number];

/** Who shares a wire to each server. */
export const lanes = ['api', 'workers-a', 'workers-b'] as const;
export type Lane = (typeof lanes)[number];

/** `which`, uniform in [0, 1), picks among those that live then. */
export type Blow =
  | { readonly kind: 'kill' | 'restart'; readonly role: Role; readonly which: number }
  /** SIGSTOP, and SIGCONT after `forMs`. */
  | { readonly kind: 'pause'; readonly role: Role; readonly which: number; readonly forMs: number }
  /** Ended, gone for `forMs`, started again. */
  | {
      readonly kind: 'server';
      readonly server: ServerName;
      readonly how: 'killed' | 'stopped';
      readonly forMs: number;
    }
  /** Redis forgets everything; `restart`: it is killed at once and starts empty, else it goes on. */
  | { readonly kind: 'wipe'; readonly restart: boolean }
  /** The same in the middle of the time that Kafka is killed for: what was decided before waits in journals. */
  | { readonly kind: 'wipe_without_kafka'; readonly restart: boolean; readonly forMs: number }
  /** Redis is killed and starts with what it had `backMs` ago. */
  | { readonly kind: 'roll_back'; readonly backMs: number }
  | { readonly kind: 'cut'; readonly server: ServerName; readonly lane: Lane; readonly share: number }
  | {
      readonly kind: 'delay';
      readonly server: ServerName;
      readonly lane: Lane;
      readonly byMs: number;
      readonly forMs: number;
    }
  | { readonly kind: 'stall'; readonly server: ServerName; readonly lane: Lane; readonly forMs: number }
  | { readonly kind: 'scale'; readonly workers: number }
  /** All workers stop; as many as there were start again after `forMs`. */
  | { readonly kind: 'workers_away'; readonly forMs: number };

/** A blow and when it falls, ms after the viewers began. */
export type Strike = Blow & { readonly at: number };

const ROUND_MS = 150_000;
/** Three token lives and a little. */
const WORKERS_AWAY_MS = settings.token_life_ms * 3 + 1_000;
/** Longer than the time that was once taken to be enough for a decision to reach the log. */
const WITHOUT_KAFKA_MS = 10_500;
const LONGER_THAN_SESSION_MS = settings.session_timeout_ms + 1_000;
/** An API that is silent this long has its journal adopted by the other one. */
const ADOPTED_MS = 18_000;
/** Nothing begins in the first and the last share of a run. */
const [FIRST, LAST] = [0.06, 0.96];

interface Draw {
  unit(): number;
  /** A whole number from low to high. */
  between(low: number, high: number): number;
  of<T>(list: readonly T[]): T;
}

/** The blows of a run, by time. The same seed and length: the same blows. */
export function planStrikes(seed: number, forMs: number): readonly Strike[] {
  const draw = drawing(seed);
  const rounds = Math.max(1, Math.round(forMs / ROUND_MS));
  const strikes = Array.from({ length: rounds }, (_, round) => {
    const span = { from: (forMs * round) / rounds, ms: forMs / rounds };
    return [...grave(draw, span, round % 2 === 0), ...quick(draw, span, forMs), ...scaling(draw, span)];
  }).flat();
  return strikes.sort((a, b) => a.at - b.at);
}

interface Span {
  readonly from: number;
  readonly ms: number;
}

/**
 * What takes the whole house along, one after the other: each server away once, Redis wiped and rolled back, no workers. In every
 * other round Redis is wiped while Kafka is away.
 */
function grave(draw: Draw, span: Span, together: boolean): Strike[] {
  const how = (): 'killed' | 'stopped' => (draw.unit() < 0.6 ? 'killed' : 'stopped');
  const away = (server: ServerName, most: number): Weighed => {
    const forMs = draw.between(500, most);
    return { weight: 8_000 + forMs, blow: { kind: 'server', server, how: how(), forMs } };
  };
  const restart = draw.unit() < 0.5;
  const forMs = draw.between(WITHOUT_KAFKA_MS, WITHOUT_KAFKA_MS + 2_000);
  const wiped: readonly Weighed[] = together
    ? [{ weight: 12_000 + forMs, blow: { kind: 'wipe_without_kafka', restart, forMs } }]
    : [away('kafka', 4_000), { weight: 11_000, blow: { kind: 'wipe', restart } }];
  const all: readonly Weighed[] = [
    ...wiped,
    away('redis', 2_500),
    away('postgres', 5_000),
    away('chdb', 5_000),
    { weight: 12_000, blow: { kind: 'roll_back', backMs: draw.between(2_000, 8_000) } },
    { weight: WORKERS_AWAY_MS + 4_000, blow: { kind: 'workers_away', forMs: WORKERS_AWAY_MS } },
  ];
  const order = shuffled(all, draw);
  const total = order.reduce((sum, { weight }) => sum + weight, 0);
  const found: Strike[] = [];
  let passed = 0;
  for (const { weight, blow } of order) {
    const share = FIRST + ((LAST - FIRST) * passed) / total;
    found.push({ ...blow, at: Math.round(span.from + span.ms * share) });
    passed += weight;
  }
  return found;
}

interface Weighed {
  /** About how long it takes until the house stands again, ms. */
  readonly weight: number;
  readonly blow: Blow;
}

/** What strikes one process or one wire, at any time, also while a server is away. */
function quick(draw: Draw, span: Span, runMs: number): Strike[] {
  const kills = (role: Role, count: number) =>
    Array.from({ length: count }, (): Blow => ({ kind: 'kill', role, which: draw.unit() }));
  const restarts = (role: Role, count: number) =>
    Array.from({ length: count }, (): Blow => ({ kind: 'restart', role, which: draw.unit() }));
  const pauses = (role: Role, count: number, mostMs: number) =>
    Array.from(
      { length: count },
      (): Blow => ({
        kind: 'pause',
        role,
        which: draw.unit(),
        forMs: draw.between(LONGER_THAN_SESSION_MS, mostMs),
      }),
    );
  const blows: Blow[] = [
    ...kills('workers', 8),
    ...kills('decision-api', 3),
    ...kills('management', 1),
    ...restarts('workers', 2),
    ...restarts('decision-api', 1),
    ...pauses('workers', 2, LONGER_THAN_SESSION_MS + 3_000),
    ...pauses('decision-api', 1, ADOPTED_MS),
    ...wires(draw),
  ];
  return shuffled(blows, draw).map((blow, index) => {
    // One in each slice of the time, anywhere in it: they neither queue up nor keep a rhythm.
    const share = FIRST + ((LAST - FIRST) * (index + draw.unit() * 0.9)) / blows.length;
    const lasts = 'forMs' in blow ? blow.forMs : 0;
    const at = Math.round(span.from + span.ms * share);
    return { ...blow, at: Math.max(0, Math.min(at, runMs - lasts)) };
  });
}

function wires(draw: Draw): Blow[] {
  const wire = () => ({ server: draw.of(servers), lane: draw.of(lanes) });
  return [
    ...Array.from({ length: 3 }, (): Blow => ({ kind: 'cut', ...wire(), share: 1 })),
    { kind: 'cut', server: 'kafka', lane: draw.of(lanes), share: 0.5 },
    { kind: 'cut', server: 'redis', lane: draw.of(lanes), share: 1 },
    { kind: 'delay', ...wire(), byMs: draw.between(20, 400), forMs: draw.between(2_000, 6_000) },
    { kind: 'delay', server: 'kafka', lane: draw.of(lanes), byMs: draw.between(20, 400), forMs: 4_000 },
    { kind: 'stall', ...wire(), forMs: draw.between(1_000, 5_000) },
    {
      kind: 'stall',
      server: 'kafka',
      lane: draw.of(['workers-a', 'workers-b']),
      forMs: LONGER_THAN_SESSION_MS + 2_000,
    },
    { kind: 'stall', server: 'redis', lane: draw.of(lanes), forMs: draw.between(1_500, 4_000) },
  ];
}

/** A run begins with one worker. */
function scaling(draw: Draw, span: Span): Strike[] {
  const at = (share: number) => Math.round(span.from + span.ms * (share + 0.05 * draw.unit()));
  return [
    { kind: 'scale', workers: 4, at: at(0.1) },
    { kind: 'scale', workers: 2, at: at(0.6) },
  ];
}

function drawing(seed: number): Draw {
  const { unit } = seededRandom(noClock, seed);
  const between = (low: number, high: number) => low + Math.floor(unit() * (high - low + 1));
  return {
    unit,
    between,
    of: <T>(list: readonly T[]) => {
      const found = list[Math.floor(unit() * list.length)];
      if (found === undefined) throw new Error('nothing to draw from');
      return found;
    },
  };
}

/** Only ids ask for the time, and none is drawn. */
const noClock = { now: () => 0 } as Clock;

/** Fisher and Yates. */
function shuffled<T>(list: readonly T[], draw: Draw): T[] {
  const left = [...list];
  const found: T[] = [];
  while (left.length > 0) found.push(...left.splice(draw.between(0, left.length - 1), 1));
  return found;
}
