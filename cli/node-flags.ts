import { availableParallelism, totalmem } from 'node:os';
import { nodeOptions } from '../engines/config.ts';

const MB = 1024 * 1024;
const HEAP_MB_LEAST = 512;
const HEAP_MB_MOST = 2_048;
/** Of the memory that there is, one process's heap may become so much: there are five or six of them, and the engines. */
const HEAP_SHARE = 8;
const HELPERS_MAX = 4;

/** What there is to run on, and what the operator says to Node. */
export interface Machine {
  readonly memoryBytes: number;
  readonly cores: number;
  /** NODE_OPTIONS. */
  readonly options: string;
}

/**
 * What Node runs a process of ours with. The heap's limit is in NODE_OPTIONS or follows the machine; a heap that may become larger is
 * also collected less often. V8 has four threads that collect garbage and compile, however few cores there are: more of them than
 * there are cores beside the one that answers are in its way.
 */
export function nodeFlagsOn({ memoryBytes, cores, options }: Machine): readonly string[] {
  const share = Math.floor(memoryBytes / HEAP_SHARE / MB);
  const heapMb = Math.min(HEAP_MB_MOST, Math.max(HEAP_MB_LEAST, share));
  const heap = /--max[-_]old[-_]space[-_]size/.test(options) ? [] : [`--max-old-space-size=${heapMb}`];
  return [...heap, `--v8-pool-size=${Math.max(1, Math.min(HELPERS_MAX, cores - 1))}`];
}

export const nodeFlags: readonly string[] = nodeFlagsOn({
  memoryBytes: memoryBytes(),
  cores: availableParallelism(),
  options: nodeOptions(),
});

/** Of the machine, or of the container that we are in. */
function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
