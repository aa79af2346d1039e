import { Worker } from 'node:worker_threads';
import type { Weighed, Weighing } from './attribution-weigh.ts';

const WEIGH_MS_MAX = 20_000;
const MEMORY_MB_MAX = 1_024;
const AT_ONCE_MAX = 2;
const WAITING_MAX = 16;

const TOO_LONG = 'it takes too long or too much memory: ask for a shorter time, or for one model';

let running = 0;
const waiting: (() => void)[] = [];

/**
 * Weighs conversions in a thread of its own, two at once at most, so that nobody else waits for it. A text says what there is too much
 * of. Rejects where the thread fails.
 */
export async function weighInThread(asked: Weighing): Promise<Weighed | string> {
  if (running >= AT_ONCE_MAX) {
    if (waiting.length >= WAITING_MAX) return 'too many ask for attribution at once: ask again later';
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running++;
  try {
    return await inThread(asked);
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}

async function inThread(asked: Weighing): Promise<Weighed | string> {
  const worker = new Worker(new URL('./attribution-worker.ts', import.meta.url), {
    workerData: asked,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB_MAX },
  });
  const { promise, resolve, reject } = Promise.withResolvers<Weighed | string>();
  worker.on('message', resolve);
  worker.on('error', (error: NodeJS.ErrnoException) =>
    error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? resolve(TOO_LONG) : reject(error),
  );
  worker.on('exit', () => reject(new Error('the thread of attribution ended without an answer')));
  const late = setTimeout(() => resolve(TOO_LONG), WEIGH_MS_MAX);
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    await worker.terminate();
  }
}
