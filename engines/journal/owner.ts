import { readFileSync, readlinkSync } from 'node:fs';
import { readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Who ships a journal: told in `owner.json` beside it, whose modification time is the owner's heartbeat. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Of the process, in ticks since the machine started: pids come again. */
  readonly startedTicks: string;
  /** Of the machine's present run. */
  readonly bootId: string;
  /** Pids mean something within it. */
  readonly pidNamespace: string;
  /** It left records behind on purpose: anybody may take them at once. */
  readonly released: boolean;
}

/** `gone` for sure; `alive` as a process, though it may sleep; `unknown`: only its heartbeat can tell. */
export type OwnerState = 'gone' | 'alive' | 'unknown';

const FILE = 'owner.json';

export function ownOwner(released = false): Owner {
  return {
    host: hostname(),
    pid: process.pid,
    startedTicks: startedTicks(process.pid) ?? '',
    bootId: quietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()) ?? '',
    pidNamespace: quietly(() => readlinkSync('/proc/self/ns/pid')) ?? '',
    released,
  };
}

/** Whole, or the former one stays. */
export async function writeOwner(path: string, owner: Owner): Promise<void> {
  const unfinished = join(path, `.${FILE}.${process.pid}`);
  await writeFile(unfinished, JSON.stringify(owner), { mode: 0o600 });
  await rename(unfinished, join(path, FILE));
}

/** Null: there is none, or it cannot be read. */
export async function readOwner(path: string): Promise<Owner | null> {
  try {
    return JSON.parse(await readFile(join(path, FILE), 'utf8')) as Owner;
  } catch (error) {
    if (error instanceof SyntaxError || isAbsent(error)) return null;
    throw error;
  }
}

/** Tells the others that the owner lives. Needs no room on the disk. */
export async function beat(path: string, now: Date): Promise<void> {
  await utimes(join(path, FILE), now, now);
}

/** The last heartbeat by the owner's clock; only a difference between two of them means something. Null: none. */
export async function lastBeat(path: string): Promise<number | null> {
  try {
    return (await stat(join(path, FILE))).mtimeMs;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

export function stateOf(owner: Owner | null): OwnerState {
  if (owner === null) return 'unknown';
  if (owner.released) return 'gone';
  const own = ownOwner();
  const comparable = own.bootId !== '' && owner.bootId === own.bootId && owner.pidNamespace === own.pidNamespace;
  if (!comparable) return 'unknown';
  return startedTicks(owner.pid) === owner.startedTicks ? 'alive' : 'gone';
}

/** Null: there is no such process, or it is a zombie. */
function startedTicks(pid: number): string | null {
  const text = quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The name, in brackets, may hold anything.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields && fields[0] !== 'Z' ? (fields[19] ?? null) : null;
}

function quietly<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
