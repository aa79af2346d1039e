import type { Experiment } from '../../domain/experiment.ts';
import type { Experiments, NewExperiment } from '../../engines/catalog/experiments.ts';
import type { Clock } from '../../engines/clock.ts';
import { audit, SYSTEM } from '../audit.ts';
import { asTold } from './document.ts';

/** Puts an experiment of the house from the machine itself; the audit tells it as the API shows it. Answers the new version. */
export function administerExperiment(
  experiments: Experiments,
  experiment: NewExperiment,
  clock: Clock,
): Promise<number> {
  return experiments.put(experiment, (sql, { before, after }) =>
    audit(sql, {
      at: clock.now(),
      actor: SYSTEM,
      action: before === null ? 'create' : 'update',
      resource: 'experiment',
      id: after.id,
      before: before === null ? null : shown(before),
      after: shown(after),
    }),
  );
}

const shown = (experiment: Experiment) => ({ ...experiment, arms: experiment.arms.map(asTold) });
