import { systemClock } from '../engines/clock.ts';
import { type Config, readConfig } from '../engines/config.ts';
import { catalogUrl, warehouseUrl } from '../engines/endpoints.ts';
import { EngineError } from '../engines/errors.ts';
import { openCatalog, openEventLog, openStateStore, openSuppressions, openWarehouse } from '../engines/open.ts';
import { rebuildMoney } from '../stream-workers/rebuild/money.ts';
import { olderMoney } from '../stream-workers/rebuild/older-money.ts';
import { Progress, type Step } from '../stream-workers/rebuild/progress.ts';
import type { RebuildEngines } from '../stream-workers/rebuild/reading.ts';
import { rebuildRollUps } from '../stream-workers/rebuild/rollups.ts';
import { rebuildRows } from '../stream-workers/rebuild/rows.ts';
import { rebuildWindows, type WindowsEngines } from '../stream-workers/rebuild/windows.ts';

export interface RebuildOptions {
  /** Only say what differs; exit code 1 if anything does. */
  readonly check?: boolean;
  /** Money: what the log no longer holds comes from the warehouse's raw rows. */
  readonly rows?: boolean;
  /** The last line of standard output is one JSON object. */
  readonly json?: boolean;
}

type Result = Readonly<Record<string, unknown>> & { readonly putRight?: number; readonly sumsPutRight?: number };

/** `breakwater rebuild rows`: the warehouse's workers read the log again. Exit code 0; they do the work, see their lag. */
export async function rebuildRowsCommand({ json }: { readonly json?: boolean }): Promise<void> {
  const config = readConfig();
  const log = await openEventLog(config, systemClock());
  const store = await openStateStore(config, systemClock());
  try {
    const told = { what: 'rows', ...(await rebuildRows(store, log)) };
    const text = `${told.partitions} partitions are read again, ${told.recordsAgain} records at most; workers do it`;
    process.stdout.write(`${json === true ? JSON.stringify(told) : text}\n`);
  } finally {
    await log.close();
    await store.close();
  }
}

const CONFLICTS_MAX = 3;

/** `breakwater rebuild windows|money|rollups`: exit code 0, or 1 when `--check` found a difference. */
export async function rebuild(what: 'windows' | 'money' | 'rollups', options: RebuildOptions): Promise<void> {
  const config = readConfig();
  const progress = new Progress(systemClock(), (step) => process.stderr.write(`${inWords(step)}\n`));
  const result: Result =
    what === 'rollups' ? await rollups(config, progress) : await state(what, config, progress, options);
  const seconds = Math.round(progress.elapsedMs) / 1000;
  const told = { what, ...result, logRecords: progress.records, logBytes: progress.bytes, seconds };
  if (options.json === true) process.stdout.write(`${JSON.stringify(told)}\n`);
  else for (const [name, value] of Object.entries(told)) process.stdout.write(`${name.padEnd(18)} ${String(value)}\n`);
  const differs = (result.putRight ?? 0) + (result.sumsPutRight ?? 0) > 0;
  if (options.check === true && differs) process.exitCode = 1;
}

async function rollups(config: Config, progress: Progress): Promise<Result> {
  const warehouse = await openWarehouse(warehouseUrl(config));
  try {
    return { ...(await rebuildRollUps(warehouse, progress)) };
  } finally {
    await warehouse.close();
  }
}

async function state(what: 'windows' | 'money', config: Config, progress: Progress, options: RebuildOptions) {
  const clock = systemClock();
  const log = await openEventLog(config, clock);
  const store = await openStateStore(config, clock);
  const suppressions = await openSuppressions(catalogUrl(config));
  const engines = { config, clock, log, store, suppressions, progress, write: options.check !== true };
  const run = () => (what === 'windows' ? windows({ ...engines, suppressions }) : money(engines, options));
  try {
    for (let conflicts = 1; ; conflicts++) {
      try {
        return { ...(await run()) };
      } catch (error) {
        const again = error instanceof EngineError && error.code === 'conflict' && conflicts < CONFLICTS_MAX;
        if (!again) throw error;
        process.stderr.write(`${error.message}; reading again\n`);
      }
    }
  } finally {
    await log.close();
    await store.close();
    await suppressions.close();
  }
}

async function windows(engines: Omit<WindowsEngines, 'capsOf'>) {
  const byId = await campaignsOf(engines.config);
  return await rebuildWindows({ ...engines, capsOf: (campaign) => byId.get(campaign)?.caps ?? [] });
}

async function money(engines: RebuildEngines, { rows }: RebuildOptions) {
  const byId = await campaignsOf(engines.config);
  const warehouse = rows === true ? await openWarehouse(warehouseUrl(engines.config)) : null;
  try {
    return await rebuildMoney(engines, byId, warehouse ? olderMoney(warehouse, byId) : null);
  } finally {
    await warehouse?.close();
  }
}

async function campaignsOf(config: Config) {
  const catalog = await openCatalog(catalogUrl(config));
  try {
    const { campaigns } = await catalog.snapshot();
    return new Map(campaigns.map((campaign) => [campaign.id, campaign]));
  } finally {
    await catalog.close();
  }
}

function inWords({ step, records, bytes, elapsedMs, fraction, leftMs }: Step): string {
  const left = leftMs === null || fraction >= 1 ? '' : `, ${Math.ceil(leftMs / 1000)} s left`;
  const read = `${records} records, ${(bytes / 1e6).toFixed(1)} MB read`;
  return `${step}: ${(fraction * 100).toFixed(1)} % after ${(elapsedMs / 1000).toFixed(1)} s${left} (${read})`;
}
