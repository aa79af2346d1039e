import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Problem } from '../../engines/http/problem.ts';

/** Lines of a body, kept in a file: however many there are, a little of them is in memory at a time. */
export interface Lines {
  /** Of all bytes. */
  readonly sha256: Buffer;
  /** Each line that is not blank, with its number from 1. Throws Problem 400 for one that is longer than allowed. */
  read(): AsyncIterable<{ readonly number: number; readonly bytes: Buffer }>;
  remove(): Promise<void>;
}

interface Most {
  readonly bytes: number;
  readonly lineBytes: number;
}

/** Takes a whole body in before anything is done with it, so that a slow caller holds up nobody. Throws Problem 413. */
export async function keepLines(body: Readable, most: Most): Promise<Lines> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-lines-'));
  const path = join(folder, 'body');
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const hash = createHash('sha256');
    await pipeline(body, counted(hash, most.bytes), createWriteStream(path, { mode: 0o600 }));
    return { sha256: hash.digest(), read: () => readLines(path, most.lineBytes), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Writes all lines to a file, then answers them as a stream: what is read came from one moment, however slow the reader is. */
export async function writtenLines(lines: AsyncIterable<string>): Promise<Readable> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-lines-'));
  const path = join(folder, 'answer');
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await pipeline(Readable.from(lines), createWriteStream(path, { mode: 0o600 }));
    const answer = createReadStream(path);
    answer.once('close', () => void remove());
    return answer;
  } catch (error) {
    await remove();
    throw error;
  }
}

function counted(hash: Hash, bytesMax: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        done(new Problem(413, 'Body too large', `at most ${bytesMax} bytes are read`));
        return;
      }
      hash.update(chunk);
      done(null, chunk);
    },
  });
}

const NEWLINE = 10;

async function* readLines(path: string, lineBytes: number) {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  const told = (bytes: Buffer) => {
    number++;
    if (bytes.length > lineBytes) {
      throw new Problem(400, 'Line too long', `line ${number} has more than ${lineBytes} bytes`, [
        { line: number, pointer: '', detail: `must have at most ${lineBytes} bytes` },
      ]);
    }
    return { number, bytes };
  };
  for await (const chunk of createReadStream(path)) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const line = told(Buffer.concat([rest, chunk.subarray(from, end)]));
      rest = Buffer.alloc(0);
      from = end + 1;
      if (!isBlank(line.bytes)) yield line;
    }
    rest = Buffer.concat([rest, chunk.subarray(from)]);
    if (rest.length > lineBytes) told(rest);
  }
  const last = told(rest);
  if (!isBlank(last.bytes)) yield last;
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 32 || byte === 9 || byte === 13);
}
