import type { Campaign, Creative } from '../../domain/campaign.ts';
import { capFaults } from '../../domain/frequency/cap-set.ts';
import type { DeskWrite } from '../../engines/catalog/desk.ts';
import { Problem, type Wrong } from '../../engines/http/problem.ts';
import { auditAll } from '../audit.ts';
import { rulesOfMvp, rulesSinceMvp } from '../campaigns/campaign-rules.ts';
import { brokenBy, warningsOf } from '../campaigns/check-campaign.ts';
import { blankCreative, withFields as creativeWith } from '../campaigns/creative-shape.ts';
import { blankCampaign, shown, withFields } from '../campaigns/shape.ts';
import { checkerOf } from '../check.ts';
import { limits } from '../limits.ts';
import { parseLine } from '../mount.ts';
import type { ManagementParts } from '../parts.ts';
import type { Ask } from '../route.ts';
import { capOf } from '../routes/frequency-cap.ts';
import { unreadValues } from '../routes/targeting.ts';
import { givenIds, type IdsOfLines, idsOf } from './import-ids.ts';
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

/** Lines that are looked up and written together. */
const AT_ONCE = 250;

interface Numbered {
  readonly number: number;
  readonly line: WholeCampaign;
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
  const take = async (some: readonly Numbered[]) => {
    const made = await campaignsOf(sql, some, names, ask, parts);
    for (const { number, wrong } of made) faults.add(number, wrong);
    if (faults.lines.size > 0) return;
    await write(sql, made, ask, parts);
    for (const { number, campaign } of made) {
      for (const each of campaign === null ? [] : warningsOfLine(campaign)) {
        if (warnings.length < limits.warningsTold) warnings.push({ line: number, ...each });
      }
    }
  };
  let some: Numbered[] = [];
  for await (const { number, bytes } of lines.read()) {
    const line = readLine(bytes);
    if ('wrong' in line) continue;
    some.push({ number, line: line.value });
    if (some.length < AT_ONCE) continue;
    await take(some);
    some = [];
  }
  await take(some);
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

interface MadeLine extends Numbered {
  /** Null: it cannot be told what it would be. */
  readonly campaign: Omit<Campaign, 'version'> | null;
  readonly wrong: readonly Wrong[];
}

async function campaignsOf(
  sql: DeskWrite,
  some: readonly Numbered[],
  names: NamesOfImport,
  { caller }: Ask<unknown, unknown, unknown>,
  { random }: ManagementParts,
): Promise<readonly MadeLine[]> {
  const ids = await idsOf(
    sql,
    caller.organisation,
    some.map(({ line }) => line),
  );
  const made: MadeLine[] = [];
  for (const { number, line } of some) {
    const here = ids.here(line);
    const wrong =
      here.length > 0 ? [{ pointer: '/id', detail: `duplicate: ${here.join(', ')} is there already` }] : null;
    const read = wrong === null ? await campaignOf(line, ids, names, () => random.uuid()) : { campaign: null, wrong };
    made.push({ number, line, ...read });
  }
  const twins = await twinsOf(sql, made);
  return made.map((each) => {
    const twin = twins.get(each.number);
    if (twin === undefined) return each;
    const detail = `duplicate: ${twin} has this advertiser, name and flight`;
    return { ...each, wrong: [...each.wrong, { pointer: '', detail }] };
  });
}

async function campaignOf(
  line: WholeCampaign,
  ids: IdsOfLines,
  names: NamesOfImport,
  newId: () => string,
): Promise<Pick<MadeLine, 'campaign' | 'wrong'>> {
  const advertiser = await names.advertiser(line.advertiser);
  const { found: categories, wrong } = await names.categories(line.categories ?? []);
  const idOf = (given: string | undefined) => (given === undefined ? newId() : ids.keep(given));
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
  const caps = capFaults(
    campaign.caps,
    campaign.creatives.map(({ id }) => id),
  ).map(({ index, detail }) => ({ pointer: `/frequency_caps/${index}`, detail }));
  return {
    campaign,
    wrong: [...wrong, ...creatives.wrong, ...brokenBy(rulesOfMvp, campaign, line.pricing.rate_micros), ...caps],
  };
}

/** What an export may hold of the MVP is taken as it is, and told. */
function warningsOfLine(campaign: Omit<Campaign, 'version'>): readonly Wrong[] {
  return [...brokenBy(rulesSinceMvp, campaign, null), ...warningsOf(campaign)];
}

function creativesOf({ creatives = [] }: WholeCampaign, idOf: (given: string | undefined) => string) {
  const made: Creative[] = [];
  const wrong: Wrong[] = [];
  for (const [index, { id, status = 'active', ...fields }] of creatives.entries()) {
    try {
      made.push(creativeWith({ ...blankCreative(idOf(id)), status }, fields));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      for (const { pointer, detail } of error.errors) wrong.push({ pointer: `/creatives/${index}${pointer}`, detail });
    }
  }
  return { made, wrong };
}

/**
 * Line -> the campaign that is there already, or comes with an earlier line. Without an id, a campaign is known by its advertiser,
 * name and flight.
 */
async function twinsOf(sql: DeskWrite, made: readonly MadeLine[]): Promise<ReadonlyMap<number, string>> {
  const twins = new Map<number, string>();
  const own = new Map<string, string>();
  const asked = made.flatMap(({ number, line, campaign }) => {
    if (campaign === null || !Number.isFinite(campaign.startsAt) || !Number.isFinite(campaign.endsAt)) return [];
    const { id, advertiserId, name, startsAt, endsAt } = campaign;
    const key = JSON.stringify([advertiserId, name, startsAt, endsAt]);
    const earlier = own.get(key);
    own.set(key, id);
    if (line.id !== undefined) return [];
    if (earlier !== undefined) twins.set(number, earlier);
    return [{ number, advertiserId, name, startsAt: new Date(startsAt), endsAt: new Date(endsAt) }];
  });
  const { rows } = await sql.query<{ number: number; id: string }>(
    `SELECT asked.number, there.id FROM unnest($1::int[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[])
       AS asked (number, advertiser, name, starts, ends) CROSS JOIN LATERAL (
         SELECT id FROM campaigns WHERE name = asked.name AND advertiser_id = asked.advertiser
           AND start_date = asked.starts AND end_date = asked.ends LIMIT 1) AS there`,
    [
      asked.map(({ number }) => number),
      asked.map(({ advertiserId }) => advertiserId),
      asked.map(({ name }) => name),
      asked.map(({ startsAt }) => startsAt),
      asked.map(({ endsAt }) => endsAt),
    ],
  );
  for (const { number, id } of rows) twins.set(number, id);
  return twins;
}

async function write(
  sql: DeskWrite,
  made: readonly MadeLine[],
  { caller }: Ask<unknown, unknown, unknown>,
  { clock }: ManagementParts,
): Promise<void> {
  const written = made.flatMap(({ campaign, line }) =>
    campaign === null ? [] : [{ campaign, description: line.description ?? null }],
  );
  if (written.length === 0) return;
  const versions = await sql.addCampaigns(written.map(({ campaign }) => campaign));
  const described = written.filter(({ description }) => description !== null);
  await sql.query(
    'UPDATE campaigns SET description = told.description FROM unnest($1::uuid[], $2::text[]) AS told (id, description) WHERE campaigns.id = told.id',
    [described.map(({ campaign }) => campaign.id), described.map(({ description }) => description)],
  );
  const at = new Date(clock.now());
  await auditAll(
    sql,
    written.map(({ campaign, description }) => ({
      at: at.getTime(),
      actor: caller.actor,
      action: 'create',
      resource: 'campaign',
      id: campaign.id,
      before: null,
      after: {
        ...shown(
          { ...campaign, version: versions.get(campaign.id) ?? 1 },
          { description, createdAt: at, updatedAt: at },
        ),
        ...partsOf(campaign),
      },
    })),
  );
}

/** What an import brings beyond a campaign's own fields. */
function partsOf({ targeting, caps, categories, creatives }: Omit<Campaign, 'version'>) {
  return { targeting, frequency_caps: caps, categories, creatives };
}
