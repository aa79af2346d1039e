import { readFile } from 'node:fs/promises';
import type { Client, Operations } from '../client/client.ts';
import { type ApiOptions, money, say, table, withApi } from './api-client.ts';
import { readJson } from './read-json.ts';

type Campaign = Operations['GET /api/v2/campaigns/{id}']['answer'];
type ListQuery = NonNullable<Operations['GET /api/v2/campaigns']['input']['query']>;
type NewCampaign = Operations['POST /api/v2/campaigns']['input']['body'];

export interface ListOptions extends ApiOptions {
  readonly status?: Campaign['status'];
  readonly name?: string;
  readonly sort?: NonNullable<ListQuery['sort']>;
  readonly limit: number;
}

/** `breakwater campaigns list`: where there are more than the limit, standard error says so, whatever standard output holds. */
export async function listCampaignsCommand({ status, name, sort, limit, ...options }: ListOptions): Promise<void> {
  await withApi(options, async (client) => {
    const found: Campaign[] = [];
    let cursor: string | null = null;
    do {
      const query: ListQuery = {
        limit: Math.min(500, limit - found.length),
        ...(status === undefined ? {} : { status }),
        ...(name === undefined ? {} : { name }),
        ...(sort === undefined ? {} : { sort }),
        ...(cursor === null ? {} : { cursor }),
      };
      const page: Operations['GET /api/v2/campaigns']['answer'] = (
        await client.call('GET /api/v2/campaigns', { query })
      ).body;
      found.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null && found.length < limit);
    say(options, found, () => (found.length === 0 ? 'no campaigns' : table(found.map(rowOf))));
    if (cursor !== null)
      process.stderr.write(`only the first ${found.length} campaigns: there are more; a higher --limit lists them\n`);
  });
}

function rowOf({ id, name, status, advertiser_name, starts_at, ends_at, pricing, total_budget_micros }: Campaign) {
  return {
    id,
    name,
    status,
    advertiser: advertiser_name,
    starts: starts_at.slice(0, 10),
    ends: ends_at.slice(0, 10),
    price: `${pricing.model} ${money(pricing.rate_micros)}`,
    budget: money(total_budget_micros),
  };
}

/** `breakwater campaigns show ID`: the campaign with its targeting, caps, categories and creatives. */
export async function showCampaignCommand(id: string, options: ApiOptions): Promise<void> {
  await withApi(options, async (client) => {
    const params = { id };
    const { body: campaign } = await client.call('GET /api/v2/campaigns/{id}', { params });
    const { body: targeting } = await client.call('GET /api/v2/campaigns/{id}/targeting', { params });
    const { body: caps } = await client.call('GET /api/v2/campaigns/{id}/frequency-cap', { params });
    const { body: categories } = await client.call('GET /api/v2/campaigns/{id}/categories', { params });
    const { body: creatives } = await client.call('GET /api/v2/campaigns/{id}/creatives', { params });
    const whole = {
      ...campaign,
      targeting: targeting.rules,
      frequency_caps: caps.caps,
      categories: categories.categories,
      creatives: creatives.items,
    };
    say(options, whole, () => shownWhole(whole));
  });
}

interface Whole extends Omit<Campaign, 'categories' | 'creatives' | 'frequency_caps'> {
  readonly targeting: readonly {
    readonly conditions: readonly { dimension: string; mode: string; values: readonly unknown[] }[];
  }[];
  readonly frequency_caps: readonly { scope: string; window: string; max_impressions: number }[];
  readonly categories: readonly { name: string }[];
  readonly creatives: readonly { id: string; name: string; duration_seconds: number; status: string }[];
}

function shownWhole({ targeting, frequency_caps, categories, creatives, warnings = [], ...campaign }: Whole): string {
  const fields = Object.entries(campaign).map(
    ([name, value]) => `${name.padEnd(20)} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  const rules = targeting.map(({ conditions }) =>
    conditions.map(({ dimension, mode, values }) => `${dimension} ${mode} ${JSON.stringify(values)}`).join(' and '),
  );
  return [
    ...fields,
    ...rules.map((rule, index) => `${(index === 0 ? 'targeting' : 'or').padEnd(20)} ${rule}`),
    ...frequency_caps.map((cap) => `${'cap'.padEnd(20)} ${cap.max_impressions} per ${cap.window} for a ${cap.scope}`),
    ...categories.map(({ name }) => `${'category'.padEnd(20)} ${name}`),
    ...creatives.map(
      (one) => `${'creative'.padEnd(20)} ${one.id} ${one.name}, ${one.duration_seconds} s, ${one.status}`,
    ),
    ...warnings.map(({ detail }) => `${'WARNING'.padEnd(20)} ${detail}`),
  ].join('\n');
}

/** `breakwater campaigns create FILE`: a campaign as the API takes it; `-` is standard input. */
export async function createCampaignCommand(file: string, options: ApiOptions): Promise<void> {
  const campaign = readJson(file) as NewCampaign;
  await withApi(options, async (client) => {
    const { body } = await client.call('POST /api/v2/campaigns', { body: campaign });
    say(options, body, () => body.id);
  });
}

/** `breakwater campaigns pause|resume|complete IDS...` */
export async function campaignStatusCommand(
  ids: readonly string[],
  status: Campaign['status'],
  options: ApiOptions,
): Promise<void> {
  await withApi(options, async (client) => {
    for (const id of ids) {
      const body = await change(client, id, status);
      say(options, body, () => `${body.id}  ${body.name}  ${body.status}`);
      for (const { detail } of body.warnings ?? []) process.stderr.write(`warning: ${detail}\n`);
    }
  });
}

/** Names the version that it has read, so that nobody's change is lost. */
async function change(client: Client, id: string, status: Campaign['status']): Promise<Campaign> {
  const params = { id };
  const { version } = await client.call('GET /api/v2/campaigns/{id}', { params });
  return (await client.call('PATCH /api/v2/campaigns/{id}', { params, body: { status }, ifMatch: version ?? 'any' }))
    .body;
}

/** `breakwater campaigns import FILE`: lines of JSON as `export` writes them. */
export async function importCampaignsCommand(
  file: string,
  options: ApiOptions & { readonly dryRun?: boolean },
): Promise<void> {
  const lines = await readFile(file === '-' ? '/dev/stdin' : file, 'utf8');
  await withApi(options, async (client) => {
    const { body } = await client.call('POST /api/v2/campaigns/import', {
      query: { dry_run: options.dryRun ?? false },
      lines,
    });
    say(options, body, () => `${body.lines} campaigns ${body.dry_run ? 'would be imported' : 'imported'}`);
    for (const { line, pointer, detail } of body.warnings)
      process.stderr.write(`warning: line ${line}: ${pointer} ${detail}\n`);
  });
}

/** `breakwater campaigns export`: to standard output. */
export async function exportCampaignsCommand({
  status,
  ...options
}: ApiOptions & { readonly status?: Campaign['status'] }): Promise<void> {
  await withApi(options, async (client) => {
    const { body } = await client.call('GET /api/v2/campaigns/export', {
      query: status === undefined ? {} : { status },
    });
    process.stdout.write(body ?? '');
  });
}
