import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { Received } from './media-store.ts';

/** Nobody writes to one for so long: its writer is gone. */
const ABANDONED_MS = 3_600_000;

/** Streams a body into a file of its own; what is empty or did not arrive whole leaves nothing behind. */
export async function receiveInto(folder: string, body: Readable, maxBytes: number, random: Random): Promise<Received> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${random.uuid()}.part`);
  let bytes = 0;
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) done(new EngineError('refused', `media: more than ${maxBytes} bytes`));
      else done(null, chunk);
    },
  });
  try {
    await pipeline(body, bounded, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
    if (bytes === 0) throw new EngineError('refused', 'media: nothing arrived');
    const file = await open(path, 'r+');
    await file.sync().finally(() => file.close());
    return { path, bytes };
  } catch (error) {
    await rm(path, { force: true });
    throw asEngineError(error);
  }
}

/** Removes what dead processes had begun to receive. Answers how many. */
export async function removeAbandoned(folder: string, now: number): Promise<number> {
  let removed = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found === null || now - found.mtimeMs < ABANDONED_MS) continue;
    await rm(path, { force: true });
    removed++;
  }
  return removed;
}

const cutShort = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'ABORT_ERR']);

function asEngineError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') return new EngineError('full', 'media: the disk is full', error);
  if (cutShort.has(code)) return new EngineError('refused', 'media: the upload was cut short', error);
  return error;
}

/** A file that nobody named a creative of for so long was uploaded for nothing. */
const UNCLAIMED_MS = 86_400_000;

/** Names of files in `folder` that are old enough to have a creative by now. */
export async function olderNames(folder: string, now: number): Promise<readonly string[]> {
  const old: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const found = await stat(join(folder, name)).catch(() => null);
    if (found !== null && now - found.mtimeMs >= UNCLAIMED_MS) old.push(name);
  }
  return old;
}
