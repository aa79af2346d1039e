import type { Clock } from '../../engines/clock.ts';
import type { ManagementParts } from '../parts.ts';
import { resumeProcessing } from '../v1/uploads.ts';
import { removeUnclaimed } from './claims.ts';

const SWEEP_EVERY_MS = 60_000;

export interface MediaLeftovers {
  /** Removes what dead processes had begun to receive. */
  removeAbandoned(): Promise<number>;
  /** Names of kept files that are a day old. */
  older(): Promise<readonly string[]>;
}

/**
 * At once and each minute: ends what was left `processing`, and removes what belongs to nobody; where one cannot be done, the others
 * are. Several processes may do it at once.
 */
export function sweepMedia(clock: Clock, parts: ManagementParts, leftovers: MediaLeftovers): Disposable {
  const complain = (err: unknown) => parts.logger.warn({ err }, 'uploads could not be looked through');
  const counted = async (work: () => Promise<number>) => {
    try {
      return await work();
    } catch (error) {
      complain(error);
      return 0;
    }
  };
  const sweep = async () => {
    const resumed = await counted(() => resumeProcessing(parts));
    const abandoned = await counted(() => leftovers.removeAbandoned());
    const unclaimed = await counted(async () => await removeUnclaimed(parts, await leftovers.older()));
    const removed = abandoned + unclaimed;
    if (resumed + removed > 0) parts.logger.info({ resumed, removed }, 'uploads of the past were ended');
  };
  void sweep();
  return clock.every(SWEEP_EVERY_MS, sweep, complain);
}
