import type { Campaign, Creative } from '../../domain/campaign.ts';
import { capFaults } from '../../domain/frequency/cap-set.ts';
import type { DeskWrite } from '../../engines/catalog/desk.ts';
import { Problem, type Wrong } from '../../engines/http/problem.ts';
import { audit } from '../audit.ts';
import { warningsOf, wrongIn } from '../campaigns/check-campaign.ts';
import { blankCreative, withFields as creativeWith } from '../campaigns/creative-shape.ts';
import { blankCampaign, shown, withFields } from '../campaigns/shape.ts';
import { checkerOf } from '../check.ts';
import { limits } from '../limits.ts';
import { parseLine } from '../mount.ts';
import type { ManagementParts } from '../parts.ts';
import type { Ask } from '../route.ts';
import { capOf } from '../routes/frequency-cap.ts';
import { unreadValues } from '../routes/targeting.ts';
import { givenIds, idsOf } from './import-ids.ts';
import { NamesOfImport } from './import-names.ts';
import type { Lines } from './spool.ts';
import { type WholeCampaign, wholeCampaign } from './whole-campaign.ts';

const check = checkerOf(wholeCampaign, false);

export interface Imported {
  readonly dry_run: boolean;
  readonly lines: number;
  readonly warnings: Wrong[];
}

/** What is wrong with the lines, as much as is told of it. */
class Faults {
  readonly told: Wrong[] = [];
  readonly lines = new Set<number>();

  add(line: number, wrong: readonly Wrong[]): void {
    if (wrong.length > 0) this.lines.add(line);
    for (const each of wrong) if (this.told.length < limits.faultsTold) this.told.push({ line, ...each });
  }

  /** Throws Problem 422 if there are any. */
  refuse(): void {
    if (this.lines.size === 0) return;
    const some = this.told.slice(0, 5).map((each) => `line ${each.line}: ${each.pointer} ${each.detail}`);
    const detail = `${this.lines.size} lines cannot be imported, so none was; ${some.join('; ')}`;
    throw new Problem(422, 'Not imported', detail.slice(0, 2_000), this.told);
  }
}

/** Reads every line by itself, before anything waits for a transaction. Throws Problem 422 with each line that is wrong. */
export async function checkLines(lines: Lines): Promise<number> {
  const faults = new Faults();
  const seen = new Map<string, number>();
  let count = 0;
  for await (const { number, bytes } of lines.read()) {
    if (++count > limits.importLines)
      throw new Problem(413, 'Too many lines', `at most ${limits.importLines} are imported at once`);
    const line = readLine(bytes);
    if ('wrong' in line) faults.add(number, line.wrong);
    else faults.add(number, wrongWithin(line.value, number, seen));
  }
  if (count === 0) throw new Problem(400, 'Nothing to import', 'expected one campaign a line, as an export has them');
  faults.refuse();
  return count;
}

/** Writes all lines in the transaction. Throws Problem 422 with each line that cannot be written beside what there is. */
export async function importCampaigns(
  sql: DeskWrite,
  lines: Lines,
  ask: Ask<unknown, unknown, unknown>,
  parts: ManagementParts,
): Promise<Wrong[]> {
  const names = new NamesOfImport(sql, ask, parts);
  const faults = new Faults();
  const warnings: Wrong[] = [];
  for await (const { number, bytes } of lines.read()) {
    const line = readLine(bytes);
    if ('wrong' in line) continue;
    const made = await campaignOf(sql, line.value, names, ask, parts);
    faults.add(number, made.wrong);
    if (made.campaign === null || faults.lines.size > 0) continue;
    await write(sql, made.campaign, line.value, ask, parts);
    for (const each of warningsOf(made.campaign)) {
      if (warnings.length < limits.warningsTold) warnings.push({ line: number, ...each });
    }
  }
  faults.refuse();
  return warnings;
}

function readLine(bytes: Buffer): { readonly value: WholeCampaign } | { readonly wrong: readonly Wrong[] } {
  try {
    const checked = check(parseLine(bytes));
    return 'value' in checked ? { value: checked.value as WholeCampaign } : checked;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { wrong: error.errors.length > 0 ? error.errors : [{ pointer: '', detail: error.message }] };
  }
}

/** What can be told without the catalog, repeats of earlier lines among it. */
function wrongWithin(line: WholeCampaign, number: number, seen: Map<string, number>): readonly Wrong[] {
  const wrong: Wrong[] = [...unreadValues(line.targeting ?? [], (index) => `/targeting/${index}`)];
  const keys = givenIds(line);
  if (line.id === undefined) keys.push(JSON.stringify([line.advertiser, line.name, line.starts_at, line.ends_at]));
  for (const key of keys) {
    const first = seen.get(key);
    if (first === undefined) seen.set(key, number);
    else
      wrong.push({
        pointer: key.startsWith('[') ? '' : '/id',
        detail: `duplicate: line ${first} has it already (${key.slice(0, 200)})`,
      });
  }
  return wrong;
}

async function campaignOf(
  sql: DeskWrite,
  line: WholeCampaign,
  names: NamesOfImport,
  { caller }: Ask<unknown, unknown, unknown>,
  { random }: ManagementParts,
): Promise<{ readonly campaign: Omit<Campaign, 'version'> | null; readonly wrong: readonly Wrong[] }> {
  const ids = await idsOf(sql, caller.organisation, line);
  if (ids.here.length > 0) {
    return {
      campaign: null,
      wrong: [{ pointer: '/id', detail: `duplicate: ${ids.here.join(', ')} is there already` }],
    };
  }
  const advertiser = await names.advertiser(line.advertiser);
  const { found: categories, wrong } = await names.categories(line.categories ?? []);
  const idOf = (given: string | undefined) => (given === undefined ? random.uuid() : ids.keep(given));
  const creatives = creativesOf(line, idOf);
  const fields = withFields(blankCampaign(idOf(line.id), advertiser), line);
  const campaign = {
    ...fields,
    categories,
    targeting: (line.targeting ?? []).map(({ id, conditions }) => ({ id: idOf(id), conditions })),
    creatives: creatives.made,
    caps: (line.frequency_caps ?? []).map((each) => {
      const one = capOf(each);
      return { ...one, creativeId: one.creativeId === null ? null : ids.keep(one.creativeId) };
    }),
  };
  const twin = line.id === undefined ? await twinOf(sql, campaign) : null;
  return {
    campaign,
    wrong: [
      ...wrong,
      ...creatives.wrong,
      ...wrongIn(campaign, null, line.pricing.rate_micros),
      ...capFaults(
        campaign.caps,
        campaign.creatives.map(({ id }) => id),
      ).map(({ index, detail }) => ({
        pointer: `/frequency_caps/${index}`,
        detail,
      })),
      ...(twin === null ? [] : [{ pointer: '', detail: `duplicate: ${twin} has this advertiser, name and flight` }]),
    ],
  };
}

function creativesOf({ creatives = [] }: WholeCampaign, idOf: (given: string | undefined) => string) {
  const made: Creative[] = [];
  const wrong: Wrong[] = [];
  for (const [index, { id, status = 'active', ...fields }] of creatives.entries()) {
    try {
      made.push({ ...creativeWith(blankCreative(idOf(id)), fields), status });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      for (const { pointer, detail } of error.errors) wrong.push({ pointer: `/creatives/${index}${pointer}`, detail });
    }
  }
  return { made, wrong };
}

/** Without an id, a campaign is known by its advertiser, name and flight. */
async function twinOf(sql: DeskWrite, campaign: Omit<Campaign, 'version'>): Promise<string | null> {
  const { advertiserId, name, startsAt, endsAt } = campaign;
  if (!Number.isFinite(startsAt) || !Number.isFinite(endsAt)) return null;
  const { rows } = await sql.query<{ id: string }>(
    'SELECT id FROM campaigns WHERE advertiser_id = $1 AND name = $2 AND start_date = $3 AND end_date = $4 LIMIT 1',
    [advertiserId, name, new Date(startsAt), new Date(endsAt)],
  );
  return rows[0]?.id ?? null;
}

async function write(
  sql: DeskWrite,
  campaign: Omit<Campaign, 'version'>,
  { description = null }: WholeCampaign,
  { caller }: Ask<unknown, unknown, unknown>,
  { clock }: ManagementParts,
): Promise<void> {
  const version = await sql.putCampaign(campaign);
  if (description !== null)
    await sql.query('UPDATE campaigns SET description = $2 WHERE id = $1', [campaign.id, description]);
  const at = new Date(clock.now());
  await audit(sql, {
    at: at.getTime(),
    actor: caller.actor,
    action: 'create',
    resource: 'campaign',
    id: campaign.id,
    before: null,
    after: shown({ ...campaign, version }, { description, createdAt: at, updatedAt: at }),
  });
}
