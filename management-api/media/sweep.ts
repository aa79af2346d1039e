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

/** At once and each minute: ends what was left `processing`, and removes what belongs to nobody. Several processes may do it at once. */
export function sweepMedia(clock: Clock, parts: ManagementParts, leftovers: MediaLeftovers): Disposable {
  const sweep = async () => {
    const resumed = await resumeProcessing(parts);
    const removed = (await leftovers.removeAbandoned()) + (await removeUnclaimed(parts, await leftovers.older()));
    if (resumed + removed > 0) parts.logger.info({ resumed, removed }, 'uploads of the past were ended');
  };
  const complain = (err: unknown) => parts.logger.warn({ err }, 'uploads could not be looked through');
  void sweep().catch(complain);
  return clock.every(SWEEP_EVERY_MS, sweep, complain);
}
