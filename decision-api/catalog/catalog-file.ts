import { mkdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Campaign, PodConfig } from '../../domain/campaign.ts';
import type { Experiment } from '../../domain/experiment.ts';
import type { ContentCategory } from '../../domain/targeting/content-taxonomy.ts';
import type { AdvertiserOwner, PlayerKey } from '../../engines/catalog/catalog.ts';

/** The catalog as last held, with the offsets of `catalog-changes` that are in it, by partition. */
export interface KeptCatalog {
  readonly campaigns: readonly Campaign[];
  readonly pods: readonly PodConfig[];
  readonly contentCategories?: readonly ContentCategory[];
  readonly experiments?: readonly Experiment[];
  readonly playerKeys?: readonly PlayerKey[];
  readonly advertisers?: readonly AdvertiserOwner[];
  readonly positions: readonly number[];
}

const fileName = 'decision-api-snapshot.json';

/** Writes the snapshot so that a reader finds the old one or the new one, never a part. `heardAt`: of Postgres, epoch ms. */
export async function keepCatalog(dataDir: string, kept: KeptCatalog, heardAt: number): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  // Two instances may share the folder: each writes a file of its own.
  const unfinished = join(dataDir, `${fileName}.${process.pid}.new`);
  await writeFile(unfinished, JSON.stringify(kept), { mode: 0o600 });
  await utimes(unfinished, heardAt / 1000, heardAt / 1000);
  await rename(unfinished, join(dataDir, fileName));
}

/** Notes in the kept snapshot that Postgres said nothing new at this time. False: there is none. */
export async function touchCatalog(dataDir: string, heardAt: number): Promise<boolean> {
  try {
    await utimes(join(dataDir, fileName), heardAt / 1000, heardAt / 1000);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** Null when none was kept. A file that is not a snapshot throws SyntaxError. */
export async function readKeptCatalog(
  dataDir: string,
): Promise<{ readonly kept: KeptCatalog; readonly heardAt: number } | null> {
  const path = join(dataDir, fileName);
  try {
    const kept = JSON.parse(await readFile(path, 'utf8')) as KeptCatalog;
    return { kept, heardAt: (await stat(path)).mtimeMs };
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
