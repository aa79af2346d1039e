import { listenOnFirst } from '../engines/endpoints.ts';
import { startReportJobs } from './analytics/job-runner.ts';
import { buildManagementApp } from './app.ts';
import type { ManagementParts } from './parts.ts';

export interface ListenOptions extends ManagementParts {
  readonly host: string;
  /** Tried in turn; 0 is a free one. */
  readonly ports: readonly number[];
}

/** Serves the management API, health and metrics. `close` answers what is under way first. */
export async function listenForManagement(
  options: ListenOptions,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const app = await buildManagementApp(options);
  const url = await listenOnFirst(options.ports, (port) => app.listen({ host: options.host, port }));
  const reports = options.analytics === null ? null : startReportJobs(options);
  return {
    url,
    async close() {
      await reports?.close();
      await app.close();
    },
  };
}
