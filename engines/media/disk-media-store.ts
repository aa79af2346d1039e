import { link, mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EngineError } from '../errors.ts';
import type { Random } from '../random.ts';
import { receiveInto } from './incoming.ts';
import type { MediaStore } from './media-store.ts';

export interface DiskMediaOptions {
  /** Files lie in `files/`, what is being received in `incoming/`. */
  readonly folder: string;
  /** How public URLs begin; null: a path of management, `/media/…`. */
  readonly publicUrl: string | null;
  readonly random: Random;
}

/** Where a name's file lies. */
export function diskPath(folder: string, name: string): string {
  return join(folder, 'files', name);
}

/** Media on this machine's disk, which management serves. */
export function openDiskMedia({ folder, publicUrl, random }: DiskMediaOptions): MediaStore {
  return {
    receive: (body, maxBytes) => receiveInto(join(folder, 'incoming'), body, maxBytes, random),
    async keep({ path }, name) {
      const target = diskPath(folder, name);
      await mkdir(dirname(target), { recursive: true });
      try {
        // A link is refused where there is a file; a rename would replace it.
        await link(path, target);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        throw new EngineError('conflict', `media: ${name} is there already`, error);
      }
      await rm(path, { force: true });
      const directory = await open(dirname(target), 'r');
      await directory.sync().finally(() => directory.close());
    },
    async source(name) {
      const path = diskPath(folder, name);
      const found = await stat(path).catch(() => null);
      return found === null ? null : { at: { path }, bytes: found.size };
    },
    publicUrl: (name) => (publicUrl === null ? `/media/${name}` : `${publicUrl}/${name}`),
    uploadPlace: async () => null,
    remove: (name) => rm(diskPath(folder, name), { force: true }),
  };
}
