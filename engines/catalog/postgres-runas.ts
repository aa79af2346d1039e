import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import { chmod, chown, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { EngineError } from '../errors.ts';
import { copyBinaries, linkLibraries, type PostgresBinaries } from './postgres-binaries.ts';

/** PostgreSQL refuses to run as root. How to start it all the same: in a user namespace, or as an unprivileged user. */
export type AsRoot = 'unshare' | 'setuid';

interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

/** How the programs are started, and where the cluster lives. */
export interface RunAs {
  readonly binaries: PostgresBinaries;
  /** Put before the program and its arguments. */
  readonly prefix: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** As whom to start; null: as ourselves. */
  readonly user: UserIds | null;
  /** To whom the cluster's files must belong; null: they are ours already. */
  readonly filesTo: UserIds | null;
  /** Holds `pgdata`; the programs can reach it. */
  readonly home: string;
}

/** Nothing is inherited: PGDATA, PGPORT and their like would change what the programs do. */
const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' };
const ROOT = { uid: 0, gid: 0 };
const NOBODY = { uid: 65534, gid: 65534 };
const NAMESPACE = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'];
/** In the data folder: names the folder that holds the cluster, where that is not the data folder. */
const POINTER = 'elsewhere';

/**
 * Chooses how to run on this machine. `forced` is for tests. Says what is unusual through `say`.
 * EngineError `misconfigured`, with the remedy, when nothing works.
 */
export async function chooseRunAs(
  path: string,
  found: PostgresBinaries,
  forced: AsRoot | undefined,
  say: (text: string) => void,
): Promise<RunAs> {
  const root = process.getuid?.() === 0;
  const way = !root ? null : (forced ?? (namespacesWork() ? 'unshare' : 'setuid'));
  if (way === 'setuid') return await asNobody(path, found, say);
  const home = await clusterHome(path);
  // A library found through a link looks for its own needs beside the link: the package's folder must be named too.
  const libraries = join(path, 'lib');
  await linkLibraries(found, libraries);
  return {
    binaries: found,
    prefix: way === 'unshare' ? NAMESPACE : [],
    environment: { ...ENVIRONMENT, LD_LIBRARY_PATH: `${libraries}:${join(found.root, 'lib')}` },
    user: null,
    filesTo: root ? ROOT : null,
    home,
  };
}

function namespacesWork(): boolean {
  const [program = '', ...args] = [...NAMESPACE, 'true'];
  return spawnSync(program, args, { env: ENVIRONMENT, stdio: 'ignore', timeout: 5000 }).status === 0;
}

async function asNobody(path: string, found: PostgresBinaries, say: (text: string) => void): Promise<RunAs> {
  const shared = await sharedRoot(path);
  say(`PostgreSQL cannot run as root and user namespaces are forbidden: it runs as uid ${NOBODY.uid} from ${shared}`);
  const binaries = await copyBinaries(found, shared);
  let home = await clusterHome(path);
  if (home === path && !reachable(path)) {
    if (existsSync(join(path, 'pgdata'))) {
      throw new EngineError(
        'misconfigured',
        `${path} holds a cluster that uid ${NOBODY.uid} cannot reach: allow others to traverse the folders above it ` +
          '(chmod o+x), start as an ordinary user, or set CATALOG to a postgres:// URL',
      );
    }
    home = join(shared, `catalog-${createHash('sha256').update(resolve(path)).digest('hex').slice(0, 16)}`);
    await mkdir(home, { recursive: true, mode: 0o755 });
    await chmod(home, 0o755);
    await writeFile(join(path, POINTER), `${home}\n`);
    say(`uid ${NOBODY.uid} cannot reach ${path}: the catalog's files are in ${home}`);
  }
  return { binaries, prefix: [], environment: ENVIRONMENT, user: NOBODY, filesTo: NOBODY, home };
}

/** The data folder, or where its pointer leads. A cluster that has gone from there is never replaced by an empty one. */
async function clusterHome(path: string): Promise<string> {
  const pointer = join(path, POINTER);
  if (!existsSync(pointer)) return path;
  const home = (await readFile(pointer, 'utf8')).trim();
  if (existsSync(home)) return home;
  throw new EngineError(
    'misconfigured',
    `the catalog's files were in ${home} and are gone: bring them back, or remove ${pointer} to begin with an empty catalog`,
  );
}

/** Removes the cluster that the pointer of a data folder leads to, if it has one; its server must have stopped. */
export function removeElsewhere(path: string): void {
  const pointer = join(path, POINTER);
  if (existsSync(pointer)) rmSync(readFileSync(pointer, 'utf8').trim(), { recursive: true, force: true });
}

/** Asked of the kernel rather than read from modes: access lists and mounts have a say too. */
function reachable(path: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd -- "$0"', path], { ...NOBODY, cwd: '/', stdio: 'ignore' }).status === 0;
}

/**
 * A folder of root's that everybody can traverse. What lies under the temporary folder stays there; the rest must
 * outlive a restart of the machine.
 */
async function sharedRoot(path: string): Promise<string> {
  const temporary = join(tmpdir(), 'breakwater-postgres');
  const passing = resolve(path).startsWith(`${resolve(tmpdir())}${sep}`);
  const problems: string[] = [];
  for (const root of passing ? [temporary] : ['/var/lib/breakwater', temporary]) {
    try {
      await mkdir(root, { recursive: true, mode: 0o755 });
      const { uid, mode } = lstatSync(root);
      if (uid !== 0) throw new Error('it belongs to somebody else');
      if (mode & 0o022) throw new Error('others may write to it');
      await chmod(root, 0o755);
      if (reachable(root)) return root;
      problems.push(`${root}: uid ${NOBODY.uid} cannot reach it`);
    } catch (error) {
      problems.push(`${root}: ${(error as Error).message}`);
    }
  }
  throw new EngineError(
    'misconfigured',
    'PostgreSQL refuses to run as root, user namespaces are forbidden here, and there is no folder for an ' +
      `unprivileged user (${problems.join('; ')}). Start as an ordinary user, or set CATALOG to a postgres:// URL`,
  );
}

/** The server insists on owning its folder; the way of starting may have changed since the last time. */
export async function giveTo(path: string, owner: UserIds): Promise<void> {
  if (!existsSync(path)) return;
  const found = await lstat(path);
  if (found.uid !== owner.uid && !found.isSymbolicLink()) await chown(path, owner.uid, owner.gid);
  if (found.isDirectory()) for (const name of await readdir(path)) await giveTo(join(path, name), owner);
}
