import { systemClock } from '../engines/clock.ts';
import { readConfig } from '../engines/config.ts';
import { catalogUrl, warehouseUrl } from '../engines/endpoints.ts';
import { EngineError } from '../engines/errors.ts';
import { openStateStore, openSuppressions, openWarehouse } from '../engines/open.ts';
import { systemRandom } from '../engines/random.ts';
import { SecretRing } from '../engines/secret-ring.ts';
import { withSecrets } from '../engines/secrets.ts';
import { eraseRows } from '../engines/warehouse/erase-rows.ts';
import { SYSTEM } from '../management-api/audit.ts';
import {
  eraseViewer,
  hashesOf,
  showViewer,
  type ViewerParts,
  type ViewerScope,
  viewerId,
} from '../management-api/viewers.ts';

interface Named {
  readonly scope: ViewerScope;
  readonly id: string;
}

/** `breakwater viewers show`: what is kept of one viewer. */
export async function showCommand({ json, ...named }: Named & { readonly json?: boolean }): Promise<void> {
  const { scope, id } = whom(named);
  const shown = await withStore((parts) => showViewer(scope, id, parts));
  if (json === true) {
    process.stdout.write(`${JSON.stringify(shown)}\n`);
    return;
  }
  process.stdout.write(`${scope} ${shown.hash}${shown.erased_at === null ? '' : `, erased ${shown.erased_at}`}\n`);
  for (const viewing of shown.viewings) {
    const { campaign_id, creative_id, minute_count, hour_count, day_count, week_count, month_count } = viewing;
    const [minute, hour, day, week, month] = [minute_count, hour_count, day_count, week_count, month_count].map(
      (count) => count ?? 'unknown',
    );
    const counts = `${minute} in a minute, ${hour} hour, ${day} day, ${week} week, ${month} month`;
    const { impressions_count, held, last_impression_at } = viewing;
    const last = last_impression_at ?? 'never';
    process.stdout.write(
      `${campaign_id} ${creative_id}: ${impressions_count} seen (${counts}), ${held} held, last ${last}\n`,
    );
  }
  process.stdout.write(`${shown.viewings.length} creatives\n`);
}

/** Workers then know of an erasure, and have written what they had begun before. */
const KNOWN_MS = 15_000;

/** `breakwater viewers erase`. */
export async function eraseCommand(named: Named): Promise<void> {
  const { scope, id } = whom(named);
  const config = readConfig();
  const clock = systemClock();
  const suppressions = await openSuppressions(catalogUrl(config));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => suppressions.close());
  const { hashes, forgotten, erasedAt } = await withStore(async (parts) => ({
    ...(await eraseViewer(scope, id, { ...parts, suppressions, random: systemRandom(clock), actor: SYSTEM })),
    hashes: hashesOf(scope, id, parts),
  }));
  process.stdout.write(
    `${scope} ${hashes.at(-1)}: ${forgotten} places forgotten; workers are given ${KNOWN_MS / 1_000} s to know\n`,
  );
  // With the warehouse away this much is done; management does the rest once it is back, or the command is to be repeated.
  const warehouse = await openWarehouse(warehouseUrl(config));
  opened.defer(() => warehouse.close());
  await clock.sleep(KNOWN_MS);
  process.stdout.write(`${await eraseRows(warehouse, hashes, erasedAt)} rows made nobody's\n`);
  await suppressions.rowsErased(hashes, erasedAt);
}

/** Throws EngineError `refused` where no request can have named anybody so. */
function whom({ scope, id: said }: Named): Named {
  const id = viewerId(scope, said);
  if (id === null) throw new EngineError('refused', `${said} is no address that a request could have said`);
  return { scope, id };
}

async function withStore<T>(use: (parts: ViewerParts) => Promise<T>): Promise<T> {
  const config = withSecrets(readConfig());
  const clock = systemClock();
  const store = await openStateStore(config, clock);
  try {
    const { pepper, peppersBefore } = new SecretRing(config, () => clock.now());
    return await use({ store, clock, pepper, peppersBefore });
  } finally {
    await store.close();
  }
}
