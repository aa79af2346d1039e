import { type Clock, systemClock } from '../../engines/clock.ts';

/** Tells the run's time, and waits in real time: the system's, or in virtual mode the host's. */
export interface RunClock extends Clock {
  /** Virtual: learns how far the simulator has moved the clock. Real: nothing. */
  refresh(): Promise<void>;
  /** Virtual: moves the host's clock a second on. Real: nothing. */
  step(): Promise<void>;
}

const STEP_MS = 1_000;
/** For what goes on in real time beside the virtual clock: the warehouse. */
const VIRTUAL_PAUSE_MS = 20;

export async function runClock(control: string | null): Promise<RunClock> {
  const real = systemClock();
  if (control === null) return { ...real, refresh: async () => undefined, step: async () => undefined };
  let now = await ask(control, undefined);
  return {
    ...real,
    now: () => now,
    sleep: () => real.sleep(VIRTUAL_PAUSE_MS),
    async refresh() {
      now = await ask(control, undefined);
    },
    async step() {
      now = await ask(control, now + STEP_MS);
    },
  };
}

/** A clock that goes on from `now` at the system's pace, for reading what a virtual run left behind. */
export function clockFrom(now: number): Clock {
  const real = systemClock();
  const offset = now - real.now();
  return { ...real, now: () => real.now() + offset };
}

async function ask(control: string, now: number | undefined): Promise<number> {
  const response = await fetch(`${control}/clock`, {
    ...(now === undefined ? {} : { method: 'POST', body: JSON.stringify({ now }) }),
  });
  const answer = (await response.json()) as { now?: number; title?: string };
  if (!response.ok || answer.now === undefined)
    throw new Error(`the virtual clock: ${answer.title ?? response.status}`);
  return answer.now;
}
