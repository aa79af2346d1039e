import { type RollUpFamily, recompute, type Slice } from './roll-ups.ts';
import type { Warehouse } from './warehouse.ts';

/** How a column says nothing: as SQL, and as it is inserted. */
const text = { sql: "''", value: '' } as const;
const nothing = { sql: 'NULL', value: null } as const;
const nobody = (column: string) => ({ sql: `mapFilter((k, v) -> 0, ${column})`, value: {} }) as const;

/** Every column of raw rows that tells who somebody is, or narrows it down to few. */
export const personal = {
  viewer: text,
  identities: nobody('identities'),
  capped_by: nobody('capped_by'),
  known_as: { sql: '[]', value: [] },
  session: text,
  ip_truncated: text,
  age: nothing,
  gender: text,
  household_income: nothing,
  city: text,
  dma: text,
  time_zone: text,
  cachebuster: text,
} as const;

/** What of a table's rows is looked at for a pseudonym, and what of it is taken away. */
interface Erasable {
  readonly table: string;
  readonly whose: string;
  readonly columns: readonly (keyof typeof personal)[];
  /** Roll-ups that its rows are counted in. */
  readonly family?: RollUpFamily;
}

const own = (map: string) => `(viewer IN {hashes:Array(String)} OR hasAny(mapValues(${map}), {hashes:Array(String)}))`;
// What waited in a journal was appended long after it came.
const before = 'least(appended_at, received_at) <= fromUnixTimestamp64Milli({at:Int64})';
const ofRequest = `(${own('identities')} OR session IN {hashes:Array(String)})`;

/** In this order: ads are found by their requests. */
const erasables: readonly Erasable[] = [
  {
    table: 'request_ads',
    whose: `(${own('capped_by')} OR (source_partition, offset) IN (SELECT source_partition, offset FROM breakwater.requests WHERE ${ofRequest} AND ${before}))`,
    columns: ['viewer', 'capped_by', 'city', 'dma'],
  },
  { table: 'beacons', whose: own('identities'), columns: ['viewer', 'identities', 'cachebuster'], family: 'delivery' },
  {
    table: 'conversions',
    whose: 'hasAny(known_as, {hashes:Array(String)})',
    columns: ['viewer', 'identities', 'known_as'],
  },
  {
    table: 'requests',
    whose: ofRequest,
    columns: [
      'viewer',
      'identities',
      'session',
      'ip_truncated',
      'age',
      'gender',
      'household_income',
      'city',
      'dma',
      'time_zone',
    ],
    family: 'request',
  },
];

/**
 * Makes every raw row that was received or appended up to `at` (epoch ms) and holds one of the pseudonyms nobody's: what it counts stays, whose it
 * was is gone. Then a new epoch begins, and the roll-ups of its minutes are computed again. Answers the number of rows. Repeating it is
 * harmless; where it ended early, `rebuild rollups` does what was left.
 */
export async function eraseRows(warehouse: Warehouse, hashes: readonly string[], at: number): Promise<number> {
  const parameters = { hashes, at };
  const slices = new Map<RollUpFamily, readonly Slice[]>();
  let rows = 0;
  for (const { table, whose, family } of erasables) {
    const found = await warehouse.query<Slice & { readonly rows: string }>(
      `SELECT source_partition AS partition, toUnixTimestamp(minute) AS minute, count() AS rows FROM breakwater.${table}
       WHERE ${whose} AND ${before} GROUP BY source_partition, minute`,
      parameters,
    );
    rows += found.reduce((sum, each) => sum + Number(each.rows), 0);
    if (family !== undefined) slices.set(family, found);
  }
  if (rows === 0) return 0;
  for (const { table, whose, columns } of erasables) {
    const taken = columns.map((column) => `${column} = ${personal[column].sql}`).join(', ');
    await warehouse.run(
      `ALTER TABLE breakwater.${table} UPDATE ${taken} WHERE ${whose} AND ${before} SETTINGS mutations_sync = 2`,
      parameters,
    );
  }
  await warehouse.run(
    `INSERT INTO breakwater.roll_up_epochs (epoch, why) SELECT max(epoch) + 1, 'a viewer was erased' FROM breakwater.roll_up_epochs`,
  );
  for (const [family, touched] of slices) await recompute(warehouse, family, touched);
  return rows;
}
