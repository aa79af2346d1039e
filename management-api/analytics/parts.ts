import type { EventLog } from '../../engines/event-log/event-log.ts';
import type { StateStore } from '../../engines/state-store/state-store.ts';
import type { ReportReader } from '../../engines/warehouse/report-reader.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';

/** What reports are read from. */
export interface AnalyticsParts {
  readonly reader: ReportReader;
  /** For the table of owners alone. */
  readonly warehouse: Warehouse;
  /** What the workers have counted, and how far they are. */
  readonly store: StateStore;
  readonly log: EventLog;
  /** Of append times on the log: LOG_CLOCK_MARGIN. */
  readonly logClockMarginMs: number;
  /** Where results of jobs are kept. */
  readonly resultsDir: string;
}
