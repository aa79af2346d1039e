import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { LmdbEnvironment } from '../lmdb/environment.ts';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/**
 * Names a store that remembers: a random id kept in the folder, and the boot of the operating system, because a
 * disk may lose in a crash what it said it had flushed. Where no boot id can be read, the random id alone.
 */
export function storeId(environment: LmdbEnvironment): string {
  const meta = environment.table('meta');
  const kept = environment.writeSync(() => {
    const known = meta.get('id')?.toString();
    const id = known ?? randomUUID();
    if (!known) meta.put('id', Buffer.from(id));
    return id;
  });
  const boot = bootId();
  return boot ? `${kept}@${boot}` : kept;
}

function bootId(): string | null {
  try {
    return readFileSync(BOOT_ID, 'utf8').trim();
  } catch {
    return null;
  }
}
