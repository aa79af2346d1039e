import { systemClock } from '../../engines/clock.ts';
import { readConfig } from '../../engines/config.ts';
import { seededRandom } from '../../engines/random.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import type { Context } from '../worker.ts';

const clock = systemClock();
const random = seededRandom(clock, 7);

/** What the warehouse worker is handed in its tests: a real warehouse, and neither store nor log. */
export function contextOf(warehouse: Warehouse, lost = new AbortController().signal): Context {
  const unused = (): never => {
    throw new Error('the warehouse worker needs neither store nor log');
  };
  return {
    store: { read: unused, swap: unused, claim: unused, drop: unused, stores: unused, close: unused },
    log: { ensureTopics: unused, partitions: unused, append: unused, ends: unused, subscribe: unused, close: unused },
    warehouse,
    clock,
    config: readConfig({}),
    random,
    lost,
    stores: null,
    catchingUpSince: null,
    measure: (_step, run) => run(),
    effect: () => undefined,
  };
}
