import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { type AdjustmentRow, adjustmentsOf, shareAdjustments } from './adjustments.ts';
import type { AnalyticsParts } from './parts.ts';

const AT_ONCE = 2_000;

/** By row-level security: what is read is the organisation's own. */
export type Read = <T>(work: (sql: DeskTransaction) => Promise<T>) => Promise<T>;

/** What the warehouse must know of an organisation before its rows are read. */
interface Tenant {
  readonly advertisers: readonly string[];
  readonly adjustments: readonly AdjustmentRow[];
}

/**
 * Sees to it that the warehouse knows the organisation's advertisers, those that are gone too, and its adjustments. Rows of delivery
 * name their advertiser, and an advertiser never changes its organisation, so these ids are the organisation's rows. Both are only
 * ever added: as many as there are is all of them, and they are counted, not read, where nothing is new.
 */
export async function shareTenant(
  organisation: string,
  read: Read,
  { warehouse }: Pick<AnalyticsParts, 'warehouse'>,
): Promise<void> {
  const [known] = await warehouse.query<Counts>(
    `SELECT uniqExact(advertiser) AS advertisers,
       (SELECT uniqExact(id) FROM breakwater.adjustments
        WHERE advertiser IN (SELECT advertiser FROM breakwater.owners WHERE organisation = {organisation:UUID})) AS adjustments
     FROM breakwater.owners WHERE organisation = {organisation:UUID}`,
    { organisation },
  );
  const { advertisers, adjustments } = await read((sql) => missingOf(sql, known));
  for (let from = 0; from < advertisers.length; from += AT_ONCE) {
    await warehouse.run(
      `INSERT INTO breakwater.owners (organisation, advertiser)
       SELECT {organisation:UUID}, arrayJoin({advertisers:Array(UUID)})`,
      { organisation, advertisers: advertisers.slice(from, from + AT_ONCE) },
    );
  }
  if (adjustments.length > 0) await shareAdjustments(await newOf(adjustments, organisation, warehouse), warehouse);
}

/** Those that the warehouse lacks. */
async function newOf(
  adjustments: readonly AdjustmentRow[],
  organisation: string,
  warehouse: AnalyticsParts['warehouse'],
): Promise<readonly AdjustmentRow[]> {
  const known = await warehouse.query<{ id: string }>(
    `SELECT DISTINCT id FROM breakwater.adjustments
     WHERE advertiser IN (SELECT advertiser FROM breakwater.owners WHERE organisation = {organisation:UUID})`,
    { organisation },
  );
  const ids = new Set(known.map(({ id }) => id));
  return adjustments.filter(({ id }) => !ids.has(id));
}

interface Counts {
  readonly advertisers: string;
  readonly adjustments: string;
}

/** All advertisers, or adjustments, where the warehouse has another number of them. */
async function missingOf(sql: DeskTransaction, known: Counts | undefined): Promise<Tenant> {
  const { rows } = await sql.query<Counts>(
    `SELECT (SELECT count(*) FROM owned_names WHERE kind = 'advertiser') AS advertisers,
       (SELECT count(*) FROM adjustments) AS adjustments`,
    [],
  );
  const isNew = (what: keyof Counts) => Number(rows[0]?.[what]) !== Number(known?.[what]);
  return {
    advertisers: isNew('advertisers') ? await advertisersOf(sql) : [],
    adjustments: isNew('adjustments') ? await adjustmentsOf(sql) : [],
  };
}

async function advertisersOf(sql: DeskTransaction): Promise<readonly string[]> {
  const { rows } = await sql.query<{ id: string }>(`SELECT id FROM owned_names WHERE kind = 'advertiser'`);
  return rows.map(({ id }) => id);
}

/** What advertisers, campaigns and creatives are or were called. */
export async function namesOf(sql: DeskTransaction, ids: readonly string[]): Promise<Record<string, string>> {
  if (ids.length === 0) return {};
  const { rows } = await sql.query<{ id: string; name: string }>(
    'SELECT id, name FROM owned_names WHERE id = ANY($1::uuid[])',
    [ids],
  );
  return Object.fromEntries(rows.map(({ id, name }) => [id, name]));
}
