import { Worker } from 'node:worker_threads';
import type { FileFacts } from '../../domain/playable.ts';
import { EngineError } from '../errors.ts';
import type { MediaSource } from './media-store.ts';

const INSPECT_MS_MAX = 30_000;
const AT_ONCE_MAX = 2;

let running = 0;
const waiting: (() => void)[] = [];

/**
 * What a file is. In a thread of its own, two at once at most: a file that MediaInfo stumbles over or never finishes takes nobody
 * along. EngineError `refused` where it cannot be read as media at all.
 */
export async function inspectMedia(source: MediaSource): Promise<FileFacts> {
  if (running >= AT_ONCE_MAX) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  try {
    return await inThread(source);
  } finally {
    running--;
    waiting.shift()?.();
  }
}

async function inThread(source: MediaSource): Promise<FileFacts> {
  const worker = new Worker(new URL('./inspect-worker.ts', import.meta.url), {
    workerData: source,
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  });
  const { promise, resolve, reject } = Promise.withResolvers<FileFacts>();
  worker.on('message', resolve);
  worker.on('error', (error) => reject(new EngineError('refused', 'media: this file cannot be inspected', error)));
  worker.on('exit', () => reject(new EngineError('refused', 'media: the inspection ended without an answer')));
  const late = setTimeout(
    () => reject(new EngineError('refused', `media: the inspection took longer than ${INSPECT_MS_MAX / 1000} s`)),
    INSPECT_MS_MAX,
  );
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    await worker.terminate();
  }
}
