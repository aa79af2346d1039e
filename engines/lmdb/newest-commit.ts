import { openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The lock file says which commit is the newest, and a transaction begins there. Whoever opens the environment writes that number as
 * it had read it a moment before, and takes no lock for it (mdb_env_open2, lmdb 3.5.6): of what others committed in between, LMDB
 * would make the next transaction take the place. The data file's own two heads still tell. So each write transaction asks them first,
 * while it has the lock and nobody else can commit, and does not commit on anything but the newest.
 */

/** Where in the lock file the number stands, behind a magic number and a format of 4 bytes each. */
const NUMBER_AT = 8;

/** By inode. Never closed: closing any descriptor of the lock file would give up the locks that LMDB has on it. */
const lockFiles = new Map<string, number>();

interface Root {
  /** The number that the transaction's commit is to have. */
  getWriteTxnId(): number;
}

/**
 * Inside a write transaction: whether it began on a commit that is not the newest. The lock file is put right then; the transaction is
 * to be undone and begun again.
 */
export function beganBehind(root: Root, path: string): boolean {
  const newest = newestOf(root);
  if (root.getWriteTxnId() === newest + 1) return false;
  const number = new Uint8Array(new BigUint64Array([BigInt(newest)]).buffer);
  writeSync(lockFileOf(path), number, 0, number.length, NUMBER_AT);
  return true;
}

function lockFileOf(folder: string): number {
  const path = join(folder, 'lock.mdb');
  const { dev, ino } = statSync(path);
  const name = `${dev}:${ino}`;
  const known = lockFiles.get(name) ?? openSync(path, 'r+');
  lockFiles.set(name, known);
  return known;
}

/** The number of the newest commit, of the data file's two heads. */
function newestOf(root: Root): number {
  return (root as unknown as Info).env.info().lastTxnId;
}

/** What lmdb-js's `getStats` has it from, without all that takes time to count. */
interface Info {
  readonly env: { info(): { readonly lastTxnId: number } };
}
