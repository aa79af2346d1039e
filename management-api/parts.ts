import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { CatalogDesk } from '../engines/catalog/desk.ts';
import type { ViewerSuppressions } from '../engines/catalog/viewer-suppressions.ts';
import type { Clock } from '../engines/clock.ts';
import type { MediaStore } from '../engines/media/media-store.ts';
import type { Readiness } from '../engines/process-metrics.ts';
import type { Random } from '../engines/random.ts';
import type { SecretRing } from '../engines/secret-ring.ts';
import type { Warehouse } from '../engines/warehouse/warehouse.ts';
import type { AnalyticsParts } from './analytics/parts.ts';

/** What the routes of management work with. */
export interface ManagementParts {
  readonly desk: CatalogDesk;
  /** Null: none is configured. Asked through `rowsOf` (warehouse.ts). */
  readonly warehouse: Warehouse | null;
  /** host:port of webhooks inside this network that may be asked. */
  readonly webhookHosts: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly readiness: () => Readiness;
  /** Whose X-Forwarded-For is believed. */
  readonly trustedProxies: string;
  /** Creatives' files. */
  readonly media: MediaStore;
  /** The largest file that is taken. */
  readonly mediaBytes: number;
  /** How URLs of management begin for whoever asks it; known once it listens. */
  readonly base: () => string;
  /** Where players find a file. */
  readonly mediaUrl: (name: string) => string;
  /** Whether strangers may make themselves a user. */
  readonly registration: 'open' | 'closed';
  /** HMAC key of access tokens. */
  readonly secret: string;
  /** What reports are read from; null: this process has no warehouse. */
  readonly analytics: AnalyticsParts | null;
  /** What viewers are known and forgotten by; null: this process knows none. */
  readonly viewers: ViewerKeeping | null;
}

export interface ViewerKeeping {
  readonly suppressions: ViewerSuppressions;
  /** As they are now: they may be rotated while the process runs. */
  readonly peppers: () => Pick<SecretRing, 'pepper' | 'peppersBefore'>;
}
