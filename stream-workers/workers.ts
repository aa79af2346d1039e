import type { CatalogView } from '../engines/catalog/catalog-view.ts';
import type { ViewerSuppressions } from '../engines/catalog/viewer-suppressions.ts';
import { frequencyWorker } from './frequency.ts';
import type { WorkerMetrics } from './metrics.ts';
import { pacingWorker } from './pacing/pacing.ts';
import { scoringWorker } from './scoring/scoring.ts';
import { warehouseWorker } from './warehouse/warehouse.ts';
import type { Worker } from './worker.ts';

/** What a worker may need beside its context. */
export interface WorkerNeeds {
  readonly view: CatalogView;
  readonly metrics: WorkerMetrics;
  /** Who asked to be forgotten: asked before anything is put back that a store forgot. */
  readonly suppressions: Pick<ViewerSuppressions, 'all'>;
}

/** Every worker by name. One line each. */
export const workers = {
  frequency: (needs: WorkerNeeds) => frequencyWorker(needs),
  pacing: (needs: WorkerNeeds) => pacingWorker(needs),
  scoring: (needs: WorkerNeeds) => scoringWorker(needs),
  warehouse: ({ suppressions }: WorkerNeeds) => warehouseWorker({ suppressions }),
} satisfies Record<string, (needs: WorkerNeeds) => Worker>;

export type WorkerName = keyof typeof workers;

export function isWorkerName(name: string): name is WorkerName {
  return Object.hasOwn(workers, name);
}
