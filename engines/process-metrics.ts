import { getHeapStatistics } from 'node:v8';
import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';

/** What a process says of itself at /health/ready. */
export interface Readiness {
  readonly ready: boolean;
  /** What is missing; empty when ready. */
  readonly why: readonly string[];
  /** What works only in part, and why. */
  readonly degraded: readonly string[];
}

/** What every process measures of itself: CPU, memory, heap and its limit, event-loop lag, and whether it is ready. */
export function collectProcessMetrics(registry: Registry, readiness: () => Readiness): void {
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'breakwater_heap_limit_bytes',
    help: 'The heap may grow so far before the process ends',
    registers,
    collect() {
      this.set(getHeapStatistics().heap_size_limit);
    },
  });
  new Gauge({
    name: 'breakwater_ready',
    help: '1 while /health/ready answers 200',
    registers,
    collect() {
      this.set(readiness().ready ? 1 : 0);
    },
  });
  new Gauge({
    name: 'breakwater_degraded_reasons',
    help: 'How many things work only in part; /health/ready names them',
    registers,
    collect() {
      this.set(readiness().degraded.length);
    },
  });
}
