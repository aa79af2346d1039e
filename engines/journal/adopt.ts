import { basename } from 'node:path';
import type { Clock } from '../clock.ts';
import { EngineError } from '../errors.ts';
import type { EventLog } from '../event-log/event-log.ts';
import type { Random } from '../random.ts';
import { markSettled, removeFolder, unmarkSettled } from './folders.ts';
import { type JournalRecord, JournalStore } from './journal-store.ts';
import { markClosed } from './marks.ts';
import { beat, ownOwner, writeOwner } from './owner.ts';
import { Shipper } from './shipper.ts';

export interface AdoptOptions {
  readonly path: string;
  /** Dead letters are tried once more. Default false. */
  readonly revive?: boolean;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly random: Random;
  /** Gives up; what is left can be adopted by anybody. */
  readonly signal: AbortSignal;
  /** The journal is ours. */
  readonly onOpened: () => void;
  readonly onShipped: (topic: string, records: readonly JournalRecord[]) => void;
  readonly onDead: (record: JournalRecord, why: EngineError) => void;
  readonly onError: (error: unknown) => void;
}

export const BEAT_MS = 1_000;
const ROUND_MS = 500;

/**
 * Takes a journal over: raises its epoch, which refuses its owner, ships all of it and removes the folder; with dead
 * letters in it, it stays for those. While the log is away it waits. Resolves to `shipped`; to `left` when it was given up
 * or somebody else took it. Rejects with EngineError when it cannot be opened.
 */
export async function adopt(options: AdoptOptions): Promise<'shipped' | 'left'> {
  const { path, log, clock, random, signal, onError } = options;
  const store = new JournalStore({
    path,
    clock,
    bytesMax: Number.MAX_SAFE_INTEGER,
    diskFreeBytesMin: 0,
    onError,
  });
  let lost = false;
  const shipper = new Shipper({
    store,
    log,
    clock,
    random,
    onShipped: options.onShipped,
    onDead: options.onDead,
    onLost: () => {
      lost = true;
    },
    onBreaker: (why) => {
      if (why !== null) onError(why);
    },
  });
  using _beat = clock.every(BEAT_MS, () => beat(path, new Date(clock.now())), onError);
  try {
    await writeOwner(path, ownOwner());
    options.onOpened();
    if (options.revive) {
      // Before there are records: should we end first, a folder that says it is settled would be passed over for ever.
      await unmarkSettled(path);
      await store.revive();
    }
    while (!signal.aborted && !lost) {
      if (!(await shipper.drain(ROUND_MS))) continue;
      await store.confirm();
      if (!(await saidClosed(options))) continue;
      await settle(store, path);
      return 'shipped';
    }
    if (!lost) await writeOwner(path, ownOwner(true));
    return 'left';
  } catch (error) {
    if (error instanceof EngineError && error.code === 'lease_lost') return 'left';
    throw error;
  } finally {
    shipper.stop();
    await store.close();
  }
}

/** Whoever catches a store up waits for a journal until the log says that it is closed; false: the log is away. */
async function saidClosed({ path, log, clock, onError }: AdoptOptions): Promise<boolean> {
  try {
    await markClosed(log, basename(path));
    return true;
  } catch (error) {
    onError(error);
    await clock.sleep(ROUND_MS);
    return false;
  }
}

/** Nothing waits any more. Closed before its folder goes. */
export async function settle(store: JournalStore, path: string): Promise<void> {
  const { deadLetters } = store.counts();
  await store.close();
  if (deadLetters > 0) await markSettled(path);
  else await removeFolder(path);
}
