import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import { Registry } from 'prom-client';
import { startEmbeddedPostgres } from '../engines/catalog/embedded-postgres.ts';
import { migrateCatalog } from '../engines/catalog/migrate.ts';
import { openPostgresDesk } from '../engines/catalog/postgres-desk.ts';
import { systemClock } from '../engines/clock.ts';
import { openDiskMedia } from '../engines/media/disk-media-store.ts';
import { systemRandom } from '../engines/random.ts';
import { createKey } from './access/keys.ts';
import { type Role, scopesOf } from './access/roles.ts';
import type { AnalyticsParts } from './analytics/parts.ts';
import { buildManagementApp } from './app.ts';
import { mediaUrlOf } from './listen.ts';
import type { ManagementParts } from './parts.ts';

export interface Said {
  readonly status: number;
  /** Fields that most answers have; the others as they come. */
  readonly body: Readonly<Record<string, unknown>> & {
    readonly id: string;
    readonly version: number;
    readonly errors: readonly { readonly pointer: string; readonly detail?: string }[];
    readonly paths: object;
  };
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A management API on a catalog of its own, for tests. */
export interface TestDesk {
  readonly app: FastifyInstance;
  readonly parts: ManagementParts;
  readonly url: string;
  /** Where files and the catalog lie. */
  readonly folder: string;
  /** A new organisation's id. */
  organisation(name: string): Promise<string>;
  /** A new key of the organisation with the role's scopes. */
  key(organisation: string, role: Role): Promise<string>;
  ask(
    key: string | null,
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Said>;
  close(): Promise<void>;
}

/** `warehouse`, `analytics`: what is counted and reported from, if anything. */
export async function openTestDesk(
  warehouse: ManagementParts['warehouse'] = null,
  analytics: AnalyticsParts | null = null,
): Promise<TestDesk> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-desk-'));
  const server = await startEmbeddedPostgres({ path: join(folder, 'catalog'), port: 0 });
  await migrateCatalog(server.url);
  const clock = systemClock();
  const random = systemRandom(clock);
  const desk = openPostgresDesk({ url: server.url, replicaUrl: null });
  const media = openDiskMedia({ folder: join(folder, 'media'), publicUrl: null, random });
  const parts = {
    desk,
    warehouse,
    webhookHosts: [],
    clock,
    random,
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    readiness: () => ({ ready: true, why: [], degraded: [] }),
    trustedProxies: 'loopback',
    registration: 'open' as const,
    media,
    mediaBytes: 100_000,
    base: () => 'http://management.test',
    mediaUrl: mediaUrlOf({ media }, () => 'http://management.test'),
    secret: 's'.repeat(32),
    analytics,
    viewers: null,
  };
  const app = await buildManagementApp(parts);
  return {
    app,
    parts,
    url: server.url,
    folder,
    async organisation(name) {
      const id = random.uuid();
      await desk.system((sql) => sql.query('INSERT INTO organisations (id, name) VALUES ($1, $2)', [id, name]));
      return id;
    },
    key: (organisation, role) =>
      desk.write(organisation, (sql) =>
        createKey(sql, { id: random.uuid(), name: role, scopes: scopesOf[role], expiresAt: null, createdBy: null }),
      ),
    async ask(key, method, path, body, headers = {}) {
      const response = await app.inject({
        method,
        url: path,
        headers: {
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      });
      const text = response.body;
      return { status: response.statusCode, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
    },
    async close() {
      await app.close();
      await desk.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
