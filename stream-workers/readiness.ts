import type { Readiness } from '../engines/process-metrics.ts';
import type { Runner } from './runner.ts';

/** What the groups of a process say of themselves; `groups` is told beside what every process tells. */
export interface WorkersReadiness extends Readiness {
  readonly groups: readonly { readonly group: string; readonly partitions: number }[];
}

/**
 * Ready once a group holds partitions. A group that holds none waits: more processes run than it has partitions, or it joins.
 * One that cannot apply what it holds degrades the process: another would meet the same engine.
 */
export function readinessOf(runners: readonly Runner[]): WorkersReadiness {
  const groups = runners.map((runner) => ({ group: runner.name, partitions: runner.assigned().length }));
  const idle = groups.filter(({ partitions }) => partitions === 0).map(({ group }) => `${group} holds no partition`);
  const ready = idle.length < groups.length;
  const failing = runners.flatMap(({ name, failing }) => {
    const told = failing();
    return told === null ? [] : [`${name} cannot apply ${told}`];
  });
  if (ready) return { ready, why: [], degraded: [...idle, ...failing], groups };
  return { ready, why: idle.length > 0 ? idle : ['starting'], degraded: failing, groups };
}
