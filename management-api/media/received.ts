import { rm } from 'node:fs/promises';
import type { Received } from '../../engines/media/media-store.ts';

/** Nobody wants it: nothing of it stays. Harmless after it was kept. */
export async function discard({ path }: Received): Promise<void> {
  await rm(path, { force: true });
}
