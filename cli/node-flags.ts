import { availableParallelism } from 'node:os';

const HEAP_MB = 512;
const HELPERS_MAX = 4;

/**
 * What Node runs a process of ours with. V8 has four threads that collect garbage and compile, however few cores there are: more of
 * them than there are cores beside the one that answers are in its way.
 */
export const nodeFlags: readonly string[] = [
  `--max-old-space-size=${HEAP_MB}`,
  `--v8-pool-size=${Math.max(1, Math.min(HELPERS_MAX, availableParallelism() - 1))}`,
];
