import type { Random } from '../../engines/random.ts';
import type { Supervised } from '../supervised.ts';

const TRY_AGAIN_MS = 200;

/** One SIGKILL that happened. */
export interface Kill {
  readonly process: string;
  readonly pid: number;
  readonly role: string;
  /** Epoch ms. */
  readonly at: number;
}

export interface PlannedKill {
  readonly afterMs: number;
  readonly role: 'decision-api' | 'workers';
  /** Which of the processes of that role: uniform in [0, 1). */
  readonly which: number;
}

/** Of every three, one hits the API and two the workers; all between a quarter and six sevenths of the traffic. */
export function planKills(count: number, forMs: number, random: Random): PlannedKill[] {
  return Array.from({ length: count }, (_, index): PlannedKill => {
    // One kill per slice of the time, so that two do not fall together.
    const share = 0.25 + (0.6 * (index + random.unit() * 0.8)) / count;
    return {
      afterMs: Math.round(share * forMs),
      role: index % 3 === 1 ? 'decision-api' : 'workers',
      which: random.unit(),
    };
  });
}

/** Carries the plan out from now on; `stop` gives up what has not happened yet. */
export function carryOut(
  plan: readonly PlannedKill[],
  children: readonly Supervised[],
  now: () => number,
  report: (line: string) => void,
): { readonly kills: readonly Kill[]; stop(): void } {
  const kills: Kill[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const later = (ms: number, planned: PlannedKill) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      strike(planned);
    }, ms);
    timers.add(timer);
  };
  const strike = (planned: PlannedKill) => {
    const targets = children.filter(({ spec }) => spec.role === planned.role);
    const target = targets[Math.floor(planned.which * targets.length)];
    const pid = target?.kill() ?? null;
    if (target === undefined || pid === null) {
      later(TRY_AGAIN_MS, planned);
      return;
    }
    kills.push({ process: target.spec.name, pid, role: planned.role, at: now() });
    report(`SIGKILL to ${target.spec.name} (${pid})`);
  };
  for (const planned of plan) later(planned.afterMs, planned);
  return {
    kills,
    stop: () => {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
