import { resolve } from 'node:path';
import { systemClock } from '../engines/clock.ts';
import { readConfig } from '../engines/config.ts';
import { EngineError } from '../engines/errors.ts';
import { adopt } from '../engines/journal/adopt.ts';
import { journalsFolder, listFolders } from '../engines/journal/folders.ts';
import { type JournalView, peek } from '../engines/journal/peek.ts';
import { openEventLog } from '../engines/open.ts';
import { systemRandom } from '../engines/random.ts';

/** `breakwater journal list`: the journals under DATA_DIR, their owners and what waits in them. */
export async function journalListCommand({ json = false }: { readonly json?: boolean }): Promise<void> {
  const views = [];
  for (const path of await listFolders(journalsFolder(readConfig().dataDir))) views.push(await peek(path));
  if (views.length === 0 && !json) process.stdout.write('no journals\n');
  for (const view of views)
    process.stdout.write(json ? `${JSON.stringify(view)}\n` : lineOf(view, systemClock().now()));
}

/** `breakwater journal adopt DIR`: ships everything in a journal's folder to the event log, and removes the folder. */
export async function journalAdoptCommand(
  folder: string,
  { revive = false }: { readonly revive?: boolean },
): Promise<void> {
  const path = resolve(folder);
  const before = await peek(path);
  if (before.owner === null && before.records === 0 && before.deadLetters.length === 0)
    throw new EngineError('misconfigured', `${path} holds no journal`);
  // A settled one is nobody's, though its last owner may live: the process that shipped the rest of it.
  if (before.state === 'alive' && !before.settled) {
    const who = `process ${before.owner?.pid} of this machine`;
    throw new EngineError('refused', `${path} belongs to ${who}, which lives: stop it, or let it ship its journal`);
  }
  const clock = systemClock();
  const log = await openEventLog(readConfig(), clock);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  let shipped = 0;
  let dead = 0;
  try {
    const outcome = await adopt({
      path,
      revive,
      log,
      clock,
      random: systemRandom(clock),
      signal: stop.signal,
      onOpened: () =>
        process.stdout.write(`${before.records + (revive ? before.deadLetters.length : 0)} records to ship\n`),
      onShipped: (_, records) => {
        shipped += records.length;
      },
      onDead: () => {
        dead++;
      },
      onError: (error) => process.stderr.write(`${(error as Error).message}; trying again\n`),
    });
    const kept = dead > 0 ? `; ${dead} refused by the log for good stay in ${path}` : '';
    process.stdout.write(`${shipped - dead} records shipped${kept}\n`);
    if (outcome === 'left') throw new EngineError('lease_lost', `${path} was not shipped to its end`);
  } finally {
    await log.close();
  }
}

function lineOf(view: JournalView, now: number): string {
  const { id, owner, state, records, bytes, oldestPutAt, deadLetters, settled } = view;
  const who = owner ? `${owner.host} pid ${owner.pid}` : 'nobody';
  const age = oldestPutAt === null ? '' : `, oldest ${Math.round((now - oldestPutAt) / 1000)} s`;
  const letters = deadLetters.length > 0 ? `, ${deadLetters.length} dead letters` : '';
  return `${id}  ${who} (${settled ? 'settled' : state})  ${records} records, ${bytes} bytes${age}${letters}\n`;
}
