/**
 * A process of its own for the several-process tests: `node contract-child.ts FOLDER KEY BUCKET TIMES`. Adds one to the
 * key and claims one id of the bucket, TIMES times; after each it tells `{"count":n}` on stdout.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../clock.ts';
import { increment } from './contract.ts';
import { openLmdbStateStore } from './lmdb-state-store.ts';

const [path = '', key = '', bucket = '', times = ''] = process.argv.slice(2);
// Both ways of writing must get along with each other.
const inline = process.pid % 2 === 0;
const store = openLmdbStateStore({ path, clock: systemClock(), inline });
let first = 0;
for (let count = 1; count <= Number(times); count++) {
  await increment(store, key);
  const [held] = await store.claim(bucket, [`id ${count}`], [process.pid], 3_600_000);
  if (held === process.pid) first++;
  writeSync(1, `${JSON.stringify({ count, first })}\n`);
}
await store.close();
