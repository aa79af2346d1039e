import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../engines/clock.ts';
import { environmentWith, readConfig } from '../../../engines/config.ts';
import { migrate, openDesk, startEmbedded } from '../../../engines/open.ts';
import { systemRandom } from '../../../engines/random.ts';
import { createKey } from '../../../management-api/access/keys.ts';
import { type Role, roles, scopesOf } from '../../../management-api/access/roles.ts';

const project = fileURLToPath(new URL('../../../', import.meta.url));

const LISTEN_MS_MAX = 120_000;

export interface Organisation {
  readonly id: string;
  readonly keys: Readonly<Record<Role, string>>;
}

/** A management API in a process of its own, on a real PostgreSQL and the ClickHouse engine. */
export interface ApiHouse {
  readonly url: string;
  organisation(name: string): Promise<Organisation>;
  /** Records an adjustment, which the API refuses while nothing was billed. Answers its id. */
  adjustment(organisation: string, campaign: string): Promise<string>;
  /** What the process has logged of its own faults. */
  faults(): readonly string[];
  stop(): Promise<void>;
}

export async function startApiHouse(): Promise<ApiHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-api-'));
  const config = readConfig(environmentWith({ DATA_DIR: folder, LOG_LEVEL: 'error' }));
  const clock = systemClock();
  const servers = await startEmbedded(config, () => undefined);
  await migrate(config, clock, servers, () => undefined);
  const desk = await openDesk(servers.catalogUrl, null);
  const random = systemRandom(clock);
  const lines: string[] = [];
  const child = serve(folder, servers, lines);
  const url = await listening(child, lines);
  return {
    url,
    faults: () => lines.filter((line) => line.includes('"level":50') || line.includes('"level":"error"')),
    async organisation(name) {
      const id = random.uuid();
      await desk.system((sql) => sql.query('INSERT INTO organisations (id, name) VALUES ($1, $2)', [id, name]));
      const keyOf = (role: Role) =>
        desk.write(id, (sql) =>
          createKey(sql, {
            id: random.uuid(),
            name: role,
            scopes: scopesOf[role],
            expiresAt: null,
            createdBy: null,
            requestsInMinute: 10_000_000,
          }),
        );
      const keys: Partial<Record<Role, string>> = {};
      for (const role of roles) keys[role] = await keyOf(role);
      return { id, keys: keys as Record<Role, string> };
    },
    async adjustment(organisation, campaign) {
      const id = random.uuid();
      await desk.write(organisation, (sql) =>
        sql.query(
          `INSERT INTO adjustments (id, campaign_id, advertiser_id, reason, from_time, to_time, impressions, amount_micros, recorded_by,
             recorded_at)
           SELECT $1, id, advertiser_id, 'other', date_trunc('hour', now()) - INTERVAL '1 hour', date_trunc('hour', now()), 1, 1000, 'proof', now() FROM campaigns WHERE id = $2`,
          [id, campaign],
        ),
      );
      return id;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      await desk.close();
      await servers.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function serve(
  folder: string,
  { catalogUrl, warehouseUrl }: Record<'catalogUrl' | 'warehouseUrl', string>,
  lines: string[],
) {
  const environment = environmentWith({
    DATA_DIR: folder,
    CATALOG: catalogUrl,
    WAREHOUSE: warehouseUrl,
    MANAGEMENT_PORT: '0',
    LOG_LEVEL: 'error',
  });
  const child = spawn(process.execPath, [`${project}cli/main.ts`, 'serve', 'management'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      lines.push(
        ...String(chunk)
          .split('\n')
          .filter((line) => line !== ''),
      );
      lines.splice(0, Math.max(0, lines.length - 500));
    });
  }
  return child;
}

/** The process says where it listens. */
async function listening(child: ChildProcess, lines: readonly string[]): Promise<string> {
  return await new Promise((resolve, reject) => {
    const fail = (what: string) => reject(new Error(`${what}: ${lines.join('\n')}`));
    const late = setTimeout(() => fail('management does not listen'), LISTEN_MS_MAX);
    child.once('exit', () => fail('management ended'));
    child.on('message', (said: { management?: string; endpoints?: { management?: string } }) => {
      const url = said.management ?? said.endpoints?.management;
      if (url === undefined) return;
      clearTimeout(late);
      resolve(url);
    });
  });
}
