import type { Readable } from 'node:stream';

/** A file that was received whole and belongs to nobody yet. */
export interface Received {
  readonly path: string;
  readonly bytes: number;
}

/** Where an inspection reads: a file of this machine, or a URL that answers ranges. */
export interface MediaSource {
  readonly at: { readonly path: string } | { readonly url: string };
  readonly bytes: number;
}

/** How a caller may bring a file: PUT it there with these headers, before it expires. */
export interface UploadPlace {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Creatives' files, by a name that is never given twice (`<uuid>.mp4`). What is kept does not change. EngineError `unavailable`,
 * `timeout`, `full`, and as told.
 */
export interface MediaStore {
  /** Streams to this machine's disk, whole and flushed or not at all. Rejects with `refused` where nothing comes, beyond `maxBytes`, or when the body ends early. */
  receive(body: Readable, maxBytes: number): Promise<Received>;
  /** Gives a received file its name. Rejects with `conflict` when the name has one. */
  keep(received: Received, name: string): Promise<void>;
  /** Null: there is no such file. */
  source(name: string): Promise<MediaSource | null>;
  /** Where players find it; absolute where the store itself serves players, else a path of management. */
  publicUrl(name: string): string;
  /** Null: the store takes no files from strangers, so management does. */
  uploadPlace(name: string, expiresInMs: number): Promise<UploadPlace | null>;
  /** Idempotent. */
  remove(name: string): Promise<void>;
}
