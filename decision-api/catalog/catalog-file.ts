import { mkdir, open, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
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

/** A line of all the rest, then a line for each campaign. */
const fileName = 'decision-api-catalog.jsonl';
/** As it was called while it was one document. */
const olderName = 'decision-api-snapshot.json';
/** Lines that are made in one go: between two of these requests are answered. */
const LINES = 100;

/** Writes the snapshot so that a reader finds the old one or the new one, never a part. `heardAt`: of Postgres, epoch ms. */
export async function keepCatalog(dataDir: string, kept: KeptCatalog, heardAt: number): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  // Two instances may share the folder, from containers in which each has the same pid too: each writes a file of its own.
  const unfinished = join(dataDir, `${fileName}.${hostname()}.${process.pid}.new`);
  try {
    await writeFile(unfinished, linesOf(kept), { mode: 0o600 });
    await utimes(unfinished, heardAt / 1000, heardAt / 1000);
    await rename(unfinished, join(dataDir, fileName));
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  await rm(join(dataDir, olderName), { force: true });
}

/** As it is at this moment; read piece by piece. */
function* linesOf({ campaigns, ...rest }: KeptCatalog): Generator<string> {
  yield `${JSON.stringify({ ...rest, count: campaigns.length })}\n`;
  for (let at = 0; at < campaigns.length; at += LINES) {
    let lines = '';
    for (const campaign of campaigns.slice(at, at + LINES)) lines += `${JSON.stringify(campaign)}\n`;
    yield lines;
  }
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

export interface FoundCatalog {
  readonly kept: KeptCatalog;
  /** It is in the file that is written, not in an older version's. */
  readonly current: boolean;
  /** When Postgres was last heard of, epoch ms. */
  readonly heardAt: number;
}

/** Null when none was kept. A file that is not a snapshot, or not all of it, throws SyntaxError. */
export async function readKeptCatalog(dataDir: string): Promise<FoundCatalog | null> {
  const [newer, older] = await Promise.all([fileName, olderName].map((name) => timeOf(join(dataDir, name))));
  if (newer === undefined && older === undefined) return null;
  // An older version that ran again in between kept its own.
  const current = (newer ?? 0) >= (older ?? 0);
  const found = await readLines(join(dataDir, current ? fileName : olderName));
  return found && { ...found, current };
}

async function timeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** The older file's only line has the campaigns too. */
type FirstLine = Omit<KeptCatalog, 'campaigns'> & { readonly count?: number };

async function readLines(path: string): Promise<Omit<FoundCatalog, 'current'> | null> {
  try {
    const file = await open(path);
    const { mtimeMs: heardAt } = await file.stat();
    let first: FirstLine | null = null;
    const campaigns: Campaign[] = [];
    for await (const line of linesIn(file.createReadStream({ encoding: 'utf8' }))) {
      if (first === null) first = JSON.parse(line) as FirstLine;
      else campaigns.push(JSON.parse(line) as Campaign);
    }
    if (first === null) throw new SyntaxError(`${path} is empty`);
    const { count = campaigns.length, ...rest } = first;
    if (count !== campaigns.length) throw new SyntaxError(`${path} has ${campaigns.length} campaigns of ${count}`);
    return { kept: { campaigns, ...rest }, heardAt };
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** JSON has no line feed of its own, but it has the other characters that readers of lines take for the end of one. */
async function* linesIn(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let pieces: string[] = [];
  for await (const chunk of chunks) {
    let begin = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', begin)) {
      yield [...pieces, chunk.slice(begin, end)].join('');
      pieces = [];
      begin = end + 1;
    }
    pieces.push(chunk.slice(begin));
  }
  const last = pieces.join('');
  if (last !== '') yield last;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
