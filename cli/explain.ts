import type { Writable } from 'node:stream';
import { readKeptCatalog } from '../decision-api/catalog/catalog-file.ts';
import { type ExplainedCampaign, explainRecord } from '../decision-api/recording/explain-record.ts';
import type { Campaign } from '../domain/campaign.ts';
import { readCampaign } from '../domain/campaign-document.ts';
import { type CatalogMark, emptyMark, withCampaign, withoutCampaign } from '../domain/catalog-mark.ts';
import { isPodOf } from '../domain/request.ts';
import { type ContentCategory, createTaxonomy } from '../domain/targeting/content-taxonomy.ts';
import { systemClock } from '../engines/clock.ts';
import { type Config, environmentWith, readConfig } from '../engines/config.ts';
import { readEndpoints } from '../engines/endpoints.ts';
import { EngineError } from '../engines/errors.ts';
import type { EventLog } from '../engines/event-log/event-log.ts';
import { openCategories, openEventLog } from '../engines/open.ts';
import { decodeOf, UndecodableError } from '../schemas/codec.ts';
import type { AdRequest } from '../schemas/records.ts';
import { readTopic } from './read-topic.ts';

export interface ExplainOptions {
  /** A data folder, of a running house or one that a demo has kept; absent: DATA_DIR. */
  readonly dir?: string;
  readonly json?: boolean;
}

/** `breakwater explain`: what became of every campaign of the catalog in one decision. Resolves to the exit code: 1 if it is not in the log. */
export async function explainCommand(requestId: string, options: ExplainOptions, out: Writable): Promise<number> {
  const config = readConfig(environmentWith(options.dir === undefined ? {} : { DATA_DIR: options.dir }));
  const log = await openEventLog(config, systemClock());
  try {
    const records = await findRequests(log, requestId);
    if (records.length === 0)
      throw new EngineError('refused', `no request ${requestId} in the log of ${config.dataDir}`);
    const changes = await readChanges(log);
    const categories = await contentCategoriesOf(config);
    const taxonomy = createTaxonomy(categories ?? []);
    const explained = records.map((record) => {
      const { catalog, proven } = catalogOf(record, changes);
      const { head, campaigns } = explainRecord(record, catalog, taxonomy);
      return {
        catalog_proven: proven,
        taxonomy_known: categories !== null,
        ...(head as ExplainedHead),
        // Whoever reads the log reads all of it.
        campaigns: [...campaigns] as ExplainedCampaign[],
      };
    });
    out.write(
      options.json
        ? `${JSON.stringify(explained.length === 1 ? explained[0] : explained)}\n`
        : explained.map(print).join('\n'),
    );
    return 0;
  } finally {
    await log.close();
  }
}

/** The content taxonomy as it is now: a decider's, where one keeps its catalog in the data folder, else the catalog's. Null: neither is to be had. */
async function contentCategoriesOf(config: Config): Promise<readonly ContentCategory[] | null> {
  const kept = await readKeptCatalog(config.dataDir);
  if (kept !== null) return kept.kept.contentCategories ?? [];
  const url = config.catalogUrl ?? readEndpoints(config.dataDir).catalog;
  if (url === undefined) return null;
  const tables = openCategories(url);
  try {
    return await tables.content();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return null;
  } finally {
    await tables.close();
  }
}

/**
 * Every decision of the id, and the pods of the stream that it asked for, in the order in which they were made: two organisations may
 * have the same, and the same much later is another request. What was shipped again is the same arrival.
 */
async function findRequests(log: EventLog, requestId: string): Promise<readonly AdRequest[]> {
  const found = new Map<string, AdRequest>();
  await readTopic(log, 'ad-requests', (record) => {
    // A record that is about something else is not worth decoding.
    if (!record.value.includes(requestId)) return;
    const decoded = readable(record.topic, record.value);
    if (decoded?.name !== 'ad-request') return;
    const { value: request } = decoded;
    if (request.request_id === requestId || isPodOf(request, requestId)) found.set(request.arrival_id, request);
  });
  return [...found.values()].sort(
    (a, b) => a.received_at - b.received_at || (a.break_index ?? 0) - (b.break_index ?? 0),
  );
}

interface Change {
  readonly id: string;
  readonly version: number;
  readonly campaign: Campaign | null;
  readonly appendedAt: number;
}

/** Every campaign that was ever told of, in the order of the log's time. */
async function readChanges(log: EventLog): Promise<readonly Change[]> {
  const changes: Change[] = [];
  await readTopic(log, 'catalog-changes', ({ topic, value, appendedAt }) => {
    const decoded = readable(topic, value);
    if (decoded?.name !== 'catalog-change' || decoded.value.kind !== 'campaign') return;
    const { id, version, document, deleted } = decoded.value;
    const campaign = deleted || document === null ? null : readCampaign(JSON.parse(document));
    changes.push({ id, version, campaign, appendedAt });
  });
  return changes.sort((a, b) => a.appendedAt - b.appendedAt || (a.id < b.id ? -1 : 1));
}

function readable(topic: string, value: Buffer) {
  try {
    return decodeOf(topic, value);
  } catch (error) {
    if (error instanceof UndecodableError) return null;
    throw error;
  }
}

/**
 * The catalog that a decision saw: the changes up to where their mark is the record's, so that no campaign is missing or of another
 * version. `proven` false: nowhere; then it is the catalog as it was told by the time of the request.
 */
export function catalogOf(
  { catalog: wanted, received_at }: Pick<AdRequest, 'catalog' | 'received_at'>,
  changes: readonly Change[],
): { readonly catalog: readonly Campaign[]; readonly proven: boolean } {
  const held = new Map<string, Change>();
  let mark: CatalogMark = emptyMark;
  let byThen: readonly Campaign[] | null = null;
  const campaigns = () =>
    [...held.values()].flatMap(({ campaign }) => campaign ?? []).sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const change of changes) {
    if (change.appendedAt > received_at) byThen ??= campaigns();
    const known = held.get(change.id);
    if (known !== undefined && known.version >= change.version) continue;
    if (known?.campaign) mark = withoutCampaign(mark, change.id, known.version);
    if (change.campaign) mark = withCampaign(mark, change.id, change.version);
    held.set(change.id, change);
    if (mark.campaigns === wanted.campaigns && mark.sum === wanted.sum) return { catalog: campaigns(), proven: true };
  }
  const catalog = byThen ?? campaigns();
  return { catalog, proven: wanted.campaigns === 0 && catalog.length === 0 };
}

interface ExplainedHead {
  readonly request_id: string;
  readonly received_at: string;
  readonly viewer: string;
  readonly filled_seconds: number;
  readonly no_fill_reason: string | null;
  readonly rules: { readonly duration_seconds: number; readonly max_ads: number; readonly objective: string };
  readonly experiments: readonly { readonly experiment: string; readonly arm: string }[];
  readonly proof: AdRequest['proof'];
}

interface Explained extends ExplainedHead {
  readonly catalog_proven: boolean;
  readonly taxonomy_known: boolean;
  readonly campaigns: readonly ExplainedCampaign[];
}

function print(told: Explained): string {
  const { rules, proof, campaigns } = told;
  const won = campaigns
    .filter(({ position }) => position !== null)
    .sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
  const others = campaigns.filter(({ position }) => position === null);
  const counts = Map.groupBy(campaigns, ({ outcome }) => outcome);
  const arms = told.experiments.map(({ experiment, arm }) => `${experiment}=${arm}`).join(' ');
  const proven = told.catalog_proven ? 'the catalog that it saw, proven' : 'NOT PROVEN to be the catalog that it saw';
  return [
    `request ${told.request_id}  ${told.received_at}  viewer ${told.viewer}`,
    `${told.filled_seconds} of ${rules.duration_seconds} s, at most ${rules.max_ads} ads, by ${rules.objective}${told.no_fill_reason === null ? '' : `; ${told.no_fill_reason}`}`,
    `value ${proof.value}, bound ${proof.bound}${proof.exact ? ', exact' : ''}, ${proof.nodes} steps${arms === '' ? '' : `; experiments: ${arms}`}`,
    `${campaigns.length} campaigns (${proven}): ${[...counts].map(([outcome, those]) => `${those.length} ${outcome}`).join(', ')}`,
    ...(told.taxonomy_known ? [] : ['NO content taxonomy was to be had: each category stands for itself alone']),
    '',
    ...[...won, ...others].map(lineOf),
    '',
  ].join('\n');
}

/** A pod and a stream have no window but themselves; other caps without one are for life. */
function capOf({ scope, max, window_seconds }: ExplainedCampaign['caps'][number]): string {
  if (window_seconds !== null) return `${max} per ${scope} in ${window_seconds} s`;
  return scope === 'pod' || scope === 'stream' ? `${max} per ${scope}` : `${max} per ${scope} for life`;
}

function lineOf(campaign: ExplainedCampaign): string {
  const place = campaign.position === null ? '     ' : `slot ${campaign.position}`;
  const reason = campaign.detail === null ? campaign.outcome : `${campaign.outcome} (${campaign.detail})`;
  const price = `${campaign.pricing.model} ${campaign.pricing.price_micros} µ`;
  const scores = campaign.creatives.map(({ score_micros, value_micros, mu_ppm, outcome, duration_seconds }) => {
    return `${duration_seconds} s ${outcome}: score ${score_micros} = value ${value_micros} at μ ${mu_ppm} ppm`;
  });
  const caps = campaign.caps.map(capOf);
  const more = [...scores, ...caps].join('; ');
  return `${place}  ${campaign.campaign_id}  ${reason.padEnd(32)}  ${campaign.name}; ${price}${more === '' ? '' : `; ${more}`}`;
}
