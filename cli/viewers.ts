import { systemClock } from '../engines/clock.ts';
import { readConfig } from '../engines/config.ts';
import { catalogUrl } from '../engines/endpoints.ts';
import { openStateStore, openSuppressions } from '../engines/open.ts';
import { SecretRing } from '../engines/secret-ring.ts';
import { withSecrets } from '../engines/secrets.ts';
import { eraseViewer, showViewer, type ViewerParts, type ViewerScope } from '../management-api/viewers.ts';

interface Named {
  readonly scope: ViewerScope;
  readonly id: string;
}

/** `breakwater viewers show`: what is kept of one viewer. */
export async function showCommand({ scope, id, json }: Named & { readonly json?: boolean }): Promise<void> {
  const shown = await withStore((parts) => showViewer(scope, id, parts));
  if (json === true) {
    process.stdout.write(`${JSON.stringify(shown)}\n`);
    return;
  }
  process.stdout.write(`${scope} ${shown.hash}${shown.erased_at === null ? '' : `, erased ${shown.erased_at}`}\n`);
  for (const viewing of shown.viewings) {
    const { campaign_id, creative_id, minute_count, hour_count, day_count, week_count, month_count } = viewing;
    const counts = `${minute_count} in a minute, ${hour_count} hour, ${day_count} day, ${week_count} week, ${month_count} month`;
    const { impressions_count, held, last_impression_at } = viewing;
    const last = last_impression_at ?? 'never';
    process.stdout.write(
      `${campaign_id} ${creative_id}: ${impressions_count} seen (${counts}), ${held} held, last ${last}\n`,
    );
  }
  process.stdout.write(`${shown.viewings.length} creatives\n`);
}

/** `breakwater viewers erase`. */
export async function eraseCommand({ scope, id }: Named): Promise<void> {
  const suppressions = await openSuppressions(catalogUrl(readConfig()));
  try {
    const { hash, forgotten } = await withStore((parts) => eraseViewer(scope, id, { ...parts, suppressions }));
    process.stdout.write(`${scope} ${hash}: ${forgotten} places forgotten\n`);
  } finally {
    await suppressions.close();
  }
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
