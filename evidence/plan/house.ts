import { openRunFolder } from '../../cli/demo/run-folder.ts';
import { startHouse } from '../../cli/house.ts';
import { Client } from '../../client/client.ts';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import { systemClock } from '../../engines/clock.ts';
import { environmentWith, readConfig } from '../../engines/config.ts';
import { openDesk } from '../../engines/open.ts';
import { systemRandom } from '../../engines/random.ts';
import { createKey } from '../../management-api/access/keys.ts';
import { scopesOf } from '../../management-api/access/roles.ts';

/** A whole house on embedded engines in a folder of its own, empty, with a key that may do everything. */
export interface OwnHouse {
  readonly folder: string;
  readonly client: Client;
  readonly key: string;
  readonly management: string;
  readonly decision: string;
  readonly warehouse: string;
  readonly catalog: string;
  /** Each process's own page of metrics. */
  readonly metrics: readonly string[];
  stop(): Promise<void>;
}

export const SETTINGS = {
  TOKEN_LIFE: '4s',
  CLICK_TOKEN_LIFE: '4s',
  TICK_AFTER: '1s',
  LOG_LEVEL: 'warn',
  PORT: '0',
  MANAGEMENT_PORT: '0',
  WORKER_PORT: '0',
};

export async function startOwnHouse(report: (line: string) => void = () => undefined): Promise<OwnHouse> {
  const run = openRunFolder(undefined);
  let key = '';
  const house = await startHouse({
    config: readConfig(environmentWith({ ...SETTINGS, DATA_DIR: run.path })),
    settings: SETTINGS,
    report,
    prepare: async ({ catalogUrl }) => {
      key = await adminKey(catalogUrl);
    },
  });
  const management = house.management ?? '';
  const decision = house.decisionApis[0] ?? '';
  return {
    folder: run.path,
    client: new Client({ url: management, key }),
    key,
    management,
    decision,
    warehouse: house.warehouseUrl,
    catalog: house.catalogUrl,
    metrics: [decision, management, ...Object.values(house.workers)].map((url) => `${url}/metrics`),
    async stop() {
      await house.stop();
      run.release();
    },
  };
}

async function adminKey(catalogUrl: string): Promise<string> {
  const random = systemRandom(systemClock());
  const desk = await openDesk(catalogUrl, null);
  try {
    return await desk.write(HOUSE_ORGANISATION, (sql) =>
      createKey(sql, {
        id: random.uuid(),
        name: 'evidence',
        scopes: scopesOf.admin,
        expiresAt: null,
        createdBy: null,
        requestsInMinute: 1_000_000,
      }),
    );
  } finally {
    await desk.close();
  }
}
