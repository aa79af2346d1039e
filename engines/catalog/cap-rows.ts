import type pg from 'pg';
import type { Campaign, CapScope, FrequencyCap } from '../../domain/campaign.ts';
import { capFaults } from '../../domain/frequency/cap-set.ts';
import { EngineError } from '../errors.ts';

/** Window -> its column, in the order of the columns; null: no window. */
const capColumns = [
  [60, 'max_impressions_per_minute'],
  [3_600, 'max_impressions_per_hour'],
  [86_400, 'max_impressions_per_day'],
  [604_800, 'max_impressions_per_week'],
  [2_678_400, 'max_impressions_per_month'],
  [null, 'max_impressions_lifetime'],
] as const;

type CapRow = { campaign_id: string; creative_id: string | null; scope: CapScope; created_at: Date } & {
  [C in (typeof capColumns)[number][1]]: number | null;
};

/** The caps of the given campaigns, or of all (null), each with its campaign. */
export async function readCaps(
  client: pg.PoolClient,
  ids: readonly string[] | null,
): Promise<readonly (readonly [campaignId: string, cap: FrequencyCap])[]> {
  const { rows } = await client.query<CapRow>(
    `SELECT * FROM frequency_caps
     WHERE $1::uuid[] IS NULL OR campaign_id = ANY ($1) ORDER BY campaign_id, position, id`,
    [ids],
  );
  return rows.flatMap((row) => capsIn(row).map((cap) => [row.campaign_id, cap] as const));
}

function capsIn(row: CapRow): FrequencyCap[] {
  const { scope, creative_id: creativeId } = row;
  const countsFrom = row.created_at.getTime();
  return capColumns.flatMap(([windowSeconds, column]) => {
    const max = row[column];
    return max === null ? [] : [{ scope, creativeId, windowSeconds, max, countsFrom }];
  });
}

/**
 * Writes the caps; answers them with the time they count from: what was given, else since a cap of the same scope, creative and
 * window was first written, else now. EngineError `refused` for a set that makes no sense, with the reasons.
 */
export async function writeCaps(
  client: pg.PoolClient,
  campaignId: string,
  caps: readonly FrequencyCap[],
  creativeIds: readonly string[],
): Promise<readonly FrequencyCap[]> {
  refuseFaults(caps, creativeIds);
  const known = (await readCaps(client, [campaignId])).map(([, cap]) => cap);
  const dated = withCreation(caps, known, await nowOf(client));
  await client.query('DELETE FROM frequency_caps WHERE campaign_id = $1', [campaignId]);
  await insertCaps(client, [{ id: campaignId, caps: dated }]);
  return dated;
}

/** For campaigns that have no caps yet; answers each campaign's as `writeCaps` does. EngineError `refused` likewise. */
export async function addCaps(
  client: pg.PoolClient,
  campaigns: readonly Pick<Campaign, 'id' | 'caps' | 'creatives'>[],
): Promise<ReadonlyMap<string, readonly FrequencyCap[]>> {
  const now = await nowOf(client);
  const all = campaigns.map(({ id, caps, creatives }) => {
    refuseFaults(
      caps,
      creatives.map((creative) => creative.id),
    );
    return { id, caps: withCreation(caps, [], now) };
  });
  await insertCaps(client, all);
  return new Map(all.map(({ id, caps }) => [id, caps]));
}

function refuseFaults(caps: readonly FrequencyCap[], creativeIds: readonly string[]): void {
  const faults = capFaults(caps, creativeIds);
  if (faults.length === 0) return;
  const told = faults.map(({ index, detail }) => `cap ${index + 1}: ${detail}`).join('; ');
  throw new EngineError('refused', `catalog: ${told}`);
}

async function insertCaps(
  client: pg.PoolClient,
  campaigns: readonly { readonly id: string; readonly caps: readonly DatedCap[] }[],
): Promise<void> {
  const rows = campaigns.flatMap(({ id, caps }) =>
    capRows(caps).map((row, position) => ({ ...row, campaign: id, position })),
  );
  await client.query(
    `INSERT INTO frequency_caps (campaign_id, position, scope, creative_id, created_at,
       ${capColumns.map(([, name]) => name).join(', ')})
     SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::uuid[], $5::timestamptz[],
       ${capColumns.map((_, column) => `$${column + 6}::int[]`).join(', ')})`,
    [
      rows.map((row) => row.campaign),
      rows.map((row) => row.position),
      rows.map((row) => row.scope),
      rows.map((row) => row.creativeId),
      rows.map((row) => new Date(row.countsFrom)),
      ...capColumns.map((_, column) => rows.map((row) => row.maxima[column] ?? null)),
    ],
  );
}

type DatedCap = FrequencyCap & { readonly countsFrom: number };

async function nowOf(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ now: Date }>("SELECT date_trunc('milliseconds', NOW()) AS now");
  return rows[0]?.now.getTime() ?? 0;
}

function withCreation(caps: readonly FrequencyCap[], known: readonly FrequencyCap[], now: number): readonly DatedCap[] {
  return caps.map((cap) => ({ ...cap, countsFrom: cap.countsFrom ?? known.find(sameAs(cap))?.countsFrom ?? now }));
}

function sameAs(cap: FrequencyCap): (other: FrequencyCap) => boolean {
  return ({ scope, creativeId, windowSeconds }) =>
    scope === cap.scope && creativeId === cap.creativeId && windowSeconds === cap.windowSeconds;
}

/** Neighbours of one scope, creative and age, windows growing, share a row, so that rows look like the plan's. */
function capRows(caps: readonly DatedCap[]) {
  const rows: { scope: string; creativeId: string | null; countsFrom: number; maxima: (number | null)[] }[] = [];
  for (const cap of caps) {
    const column = capColumns.findIndex(([windowSeconds]) => windowSeconds === cap.windowSeconds);
    let row = rows.at(-1);
    const joins = row?.scope === cap.scope && row.creativeId === cap.creativeId && row.countsFrom === cap.countsFrom;
    if (!row || !joins || row.maxima.slice(column).some((max) => max !== null)) {
      const { scope, creativeId, countsFrom } = cap;
      row = { scope, creativeId, countsFrom, maxima: capColumns.map(() => null) };
      rows.push(row);
    }
    row.maxima[column] = cap.max;
  }
  return rows;
}
