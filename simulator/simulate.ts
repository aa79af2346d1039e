import { ControlledClock, eachSecond, nap, systemClock } from './clock.ts';
import { Crowd } from './crowd.ts';
import { ControlledTime, driveInLockStep, driveInRealTime } from './drivers.ts';
import { HttpPlayer } from './http-player.ts';
import type { Options } from './options.ts';
import { populate } from './population.ts';
import { routeOver } from './routing.ts';
import { planRequests } from './schedule.ts';
import { type Counts, type Second, Tally } from './tally.ts';
import { ViewersFile } from './viewers-file.ts';

const CONNECTIONS = 64;
const LAST_ANSWERS_MS = 2000;

/**
 * One run, until every pod has played and every late beacon was sent, or until `stop`.
 * @returns the run's counts
 * @throws when the controlled clock does not answer
 */
export async function simulate(
  options: Options,
  stop: AbortSignal,
  onSecond: (second: Second) => void,
): Promise<Counts> {
  const player = new HttpPlayer(CONNECTIONS);
  const file = new ViewersFile(options.out);
  try {
    return await run(options, stop, onSecond, player, file);
  } finally {
    player.close();
    file.close();
  }
}

async function run(
  options: Options,
  stop: AbortSignal,
  onSecond: (second: Second) => void,
  player: HttpPlayer,
  file: ViewersFile,
): Promise<Counts> {
  const time = options.controlUrl === null ? null : new ControlledTime(player, options.controlUrl);
  const controlled = time === null ? null : new ControlledClock(await time.read());
  const clock = controlled ?? systemClock();
  const population = populate(options.seed, options.households);
  const startMs = clock.now();
  const plan = { ...options, baseUrl: options.url, startMs };
  const planned = planRequests(plan, population);
  const tally = new Tally();
  const crowd = new Crowd({ clock, player, file, tally, options: plan, route: routeOver(options.urls) }, planned);
  let patience = nap(0);
  const stopped = () => {
    crowd.stop();
    patience = nap(LAST_ANSWERS_MS);
    void patience.done.then(() => player.close());
  };
  stop.addEventListener('abort', stopped, { once: true });
  const endProgress = eachSecond(() => {
    const elapsedMs = clock.now() - startMs;
    onSecond(tally.second(elapsedMs / 1000, elapsedMs < options.forMs ? 'running' : 'settling'));
  });
  try {
    if (time && controlled) await driveInLockStep(crowd, controlled, time, options.tokenLifeMs, stop);
    else await driveInRealTime(crowd, clock, stop);
  } catch (error) {
    // Once told to stop, we cut connections ourselves.
    if (!stop.aborted) throw error;
  } finally {
    endProgress();
    patience.wake();
  }
  return tally.total(file.lines);
}
