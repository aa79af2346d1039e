import { listenOnFirst } from '../engines/endpoints.ts';
import { startReportJobs } from './analytics/job-runner.ts';
import { buildManagementApp } from './app.ts';
import { type MediaLeftovers, sweepMedia } from './media/sweep.ts';
import type { ManagementParts } from './parts.ts';

export interface ListenOptions extends Omit<ManagementParts, 'base' | 'mediaUrl'> {
  readonly host: string;
  /** Tried in turn; 0 is a free one. */
  readonly ports: readonly number[];
  /** How its URLs begin for others; null: as it listens. */
  readonly publicUrl: string | null;
  readonly leftovers: MediaLeftovers;
}

/** Serves the management API, health and metrics. `close` answers what is under way first. */
export async function listenForManagement(
  options: ListenOptions,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  let base = options.publicUrl ?? '';
  const parts = { ...options, base: () => base, mediaUrl: mediaUrlOf(options, () => base) };
  const app = await buildManagementApp(parts);
  const url = await listenOnFirst(options.ports, (port) => app.listen({ host: options.host, port }));
  if (base === '') base = url;
  const sweeping = sweepMedia(options.clock, parts, options.leftovers);
  const reports = options.analytics === null ? null : startReportJobs(parts);
  return {
    url,
    async close() {
      sweeping[Symbol.dispose]();
      await reports?.close();
      await app.close();
    },
  };
}

/** The store's own URL, or management's. */
export function mediaUrlOf({ media }: Pick<ManagementParts, 'media'>, base: () => string): ManagementParts['mediaUrl'] {
  return (name) => {
    const url = media.publicUrl(name);
    return url.startsWith('/') ? base() + url : url;
  };
}
