import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ownOwner, writeOwner } from './owner.ts';

/** Where the journals of a data folder are: one folder each. */
export function journalsFolder(dataDir: string): string {
  return join(dataDir, 'journal');
}

/** A folder for a new journal, ours from its first moment on. */
export async function makeFolder(journals: string, id: string): Promise<string> {
  const path = join(journals, id);
  await mkdir(path, { recursive: true });
  await writeOwner(path, ownOwner());
  for (const folder of [path, journals, dirname(journals)]) await flushFolder(folder);
  return path;
}

/** Journals whose records may wait, by path: those being removed are not there any more. */
export async function listFolders(journals: string): Promise<readonly string[]> {
  if (!existsSync(journals)) return [];
  const entries = await readdir(journals, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => join(journals, entry.name))
    .sort();
}

/** Nobody finds half of it: it leaves the list first. */
export async function removeFolder(path: string): Promise<void> {
  const aside = join(dirname(path), `.removed-${path.slice(dirname(path).length + 1)}`);
  await rename(path, aside);
  await rm(aside, { recursive: true, force: true });
}

/** Everything but dead letters is in the log: the folder stays for them alone, and is adopted no more. */
export async function markSettled(path: string): Promise<void> {
  await writeFile(join(path, 'settled'), '');
}

/** Records are to wait in it again, so whoever finds it is to adopt it. On the disk before they are. */
export async function unmarkSettled(path: string): Promise<void> {
  await rm(join(path, 'settled'), { force: true });
  await flushFolder(path);
}

export function isSettled(path: string): boolean {
  return existsSync(join(path, 'settled'));
}

/** What is new in a folder, or gone from it, is so after a power cut too. */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
