import { open } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import mediaInfoFactory from 'mediainfo.js';
import type { FileFacts } from '../../domain/playable.ts';
import type { MediaSource } from './media-store.ts';

type Track = Readonly<Record<string, unknown>>;
type Reader = (size: number, offset: number) => Promise<Uint8Array>;

/** Reads only the parts that MediaInfo asks for: heads and tails, never the whole file. */
async function inspect({ at, bytes }: MediaSource): Promise<FileFacts> {
  const info = await mediaInfoFactory({ format: 'object' });
  if ('url' in at)
    return factsOf(await info.analyzeData(bytes, (size, offset) => fetchPart(at.url, size, offset)), bytes);
  const file = await open(at.path, 'r');
  const read: Reader = async (size, offset) => {
    const { buffer, bytesRead } = await file.read(new Uint8Array(size), 0, size, offset);
    return buffer.subarray(0, bytesRead);
  };
  try {
    return factsOf(await info.analyzeData(bytes, read), bytes);
  } finally {
    await file.close();
  }
}

async function fetchPart(url: string, size: number, offset: number): Promise<Uint8Array> {
  const answer = await fetch(url, { headers: { range: `bytes=${offset}-${offset + size - 1}` } });
  if (!answer.ok) throw new Error(`the store answered ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

function factsOf(result: unknown, bytes: number): FileFacts {
  const tracks = ((result as { media?: { track?: Track[] } }).media?.track ?? []) as readonly Track[];
  const of = (kind: string) => tracks.filter((track) => track['@type'] === kind);
  const [general = {}] = of('General');
  const [video] = of('Video');
  const seconds = numberOf(general.Duration);
  const bits = numberOf(general.OverallBitRate);
  return {
    container: textOf(general.Format),
    bytes,
    truncated: textOf((general.extra as Track | undefined)?.IsTruncated) === 'Yes',
    durationMs: seconds === null ? null : Math.round(seconds * 1_000),
    bitrateKbps: bits === null ? null : Math.round(bits / 1_000),
    video: video
      ? {
          codec: textOf(video.Format),
          profile: textOf(video.Format_Profile),
          width: numberOf(video.Width),
          height: numberOf(video.Height),
          framesPerSecond: numberOf(video.FrameRate),
          bitDepth: numberOf(video.BitDepth),
          chroma: textOf(video.ChromaSubsampling),
          encrypted: [general, ...tracks].some((track) => textOf(track.Encryption) !== null),
        }
      : null,
    audio: of('Audio').map((track) => textOf(track.Format)),
  };
}

function numberOf(value: unknown): number | null {
  const number = Number(value);
  return value === undefined || value === '' || !Number.isFinite(number) ? null : number;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

parentPort?.postMessage(await inspect(workerData as MediaSource));
