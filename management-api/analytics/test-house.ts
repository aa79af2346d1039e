import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../engines/clock.ts';
import { readConfig } from '../../engines/config.ts';
import { makeTopics, openEventLog, openReports, openStateStore, openWarehouse } from '../../engines/open.ts';
import { migrateWarehouse } from '../../engines/warehouse/migrate.ts';
import { startTestWarehouse } from '../../engines/warehouse/test-warehouse.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';
import { openTestDesk, type TestDesk } from '../test-desk.ts';
import type { AnalyticsParts } from './parts.ts';

/** A desk with a warehouse, a log and a store of its own. */
export interface TestHouse {
  readonly desk: TestDesk;
  readonly analytics: AnalyticsParts;
  readonly warehouse: Warehouse;
  readonly folder: string;
  /** Of the warehouse. */
  readonly url: string;
  close(): Promise<void>;
}

export async function openTestHouse(): Promise<TestHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-analytics-'));
  const [desk, { server, warehouse }] = await Promise.all([openTestDesk(), migratedWarehouse()]);
  const clock = systemClock();
  const config = readConfig({ DATA_DIR: folder, PARTITIONS: '4' });
  const log = await openEventLog(config, clock);
  await makeTopics(log, config);
  const store = await openStateStore(config, clock);
  const reader = openReports(server.url);
  const analytics = { reader, warehouse, store, log, logClockMarginMs: 0, resultsDir: join(folder, 'reports') };
  Object.assign(desk.parts, { analytics });
  return {
    desk,
    analytics,
    warehouse,
    folder,
    url: server.url,
    async close() {
      await desk.close();
      await reader.close();
      await store.close();
      await log.close();
      await warehouse.close();
      await server.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function migratedWarehouse() {
  const server = await startTestWarehouse();
  const warehouse = await openWarehouse(server.url);
  await migrateWarehouse(warehouse, () => undefined);
  return { server, warehouse };
}

/** An organisation with an advertiser and a campaign, and an admin's key. */
export interface Party {
  readonly key: string;
  readonly organisation: string;
  readonly advertiser: string;
  readonly campaign: string;
}

export async function partyOf(desk: TestDesk, name: string): Promise<Party> {
  const organisation = await desk.organisation(name);
  const key = await desk.key(organisation, 'admin');
  const advertiser = (await desk.ask(key, 'POST', '/api/v2/advertisers', { name })).body.id;
  const made = await desk.ask(key, 'POST', '/api/v2/campaigns', {
    name: `${name} campaign`,
    advertiser_id: advertiser,
    starts_at: '2026-11-01T00:00:00Z',
    ends_at: '2026-12-31T00:00:00Z',
    time_zone: 'America/New_York',
    pricing: { model: 'cpm', rate_micros: 12_000_000 },
    total_budget_micros: 1_000_000_000,
  });
  return { key, organisation, advertiser, campaign: made.body.id };
}

/** A beacon as its raw row has it. */
export interface Raw {
  readonly event: string;
  readonly at: number;
  readonly campaign: string;
  readonly creative: string;
  readonly viewer: string;
  readonly duplicate: boolean;
  readonly late: boolean;
  readonly billable: boolean;
  readonly spend: number;
  readonly device: string;
}

export const rawOf = (warehouse: Warehouse, campaign: string) =>
  warehouse.query<Raw>(
    `SELECT event, toUnixTimestamp(minute) * 1000 AS at, toString(campaign) AS campaign, toString(creative) AS creative,
       viewer, duplicate, late, billable, toInt32(spend_micros) AS spend, device_type AS device
     FROM breakwater.beacons AS b FINAL WHERE b.campaign = {campaign:UUID}`,
    { campaign },
  );

export const count = (rows: readonly Raw[], event: string) =>
  rows.filter((row) => row.event === event && row.billable).length;
