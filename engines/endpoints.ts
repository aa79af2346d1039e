import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Config } from './config.ts';
import { EngineError } from './errors.ts';

/** Where the running house answers; DATA_DIR/endpoints.json. Kept between runs so that ports stay the same. */
export interface Endpoints {
  readonly decisionApi?: string;
  /** Process name -> URL of its health and metrics. */
  readonly workers?: Readonly<Record<string, string>>;
  readonly warehouse?: string;
  readonly catalog?: string;
  /** Virtual mode only: GET and POST /clock. */
  readonly control?: string;
}

/** What the data folder knows; empty when nothing ran there yet. */
export function readEndpoints(dataDir: string): Endpoints {
  let text: string;
  try {
    text = readFileSync(join(dataDir, 'endpoints.json'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  try {
    return JSON.parse(text) as Endpoints;
  } catch (cause) {
    throw new EngineError('misconfigured', `${join(dataDir, 'endpoints.json')} is not JSON; delete it`, cause);
  }
}

/** Adds to what is known. Readable by the owner only: the catalog's URL carries a password. */
export function keepEndpoints(dataDir: string, found: Endpoints): void {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, 'endpoints.json');
  const known = { ...readEndpoints(dataDir), ...found };
  writeFileSync(`${path}.new`, `${JSON.stringify(known, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** The warehouse to ask: WAREHOUSE, else the one that runs on this data folder. EngineError `misconfigured` when there is neither. */
export function warehouseUrl(config: Config): string {
  const url = config.warehouseUrl ?? readEndpoints(config.dataDir).warehouse;
  if (url === undefined) throw nothingRuns(config, 'WAREHOUSE');
  return url;
}

/** The catalog to use: CATALOG, else the one that runs on this data folder. EngineError `misconfigured` when there is neither. */
export function catalogUrl(config: Config): string {
  const url = config.catalogUrl ?? readEndpoints(config.dataDir).catalog;
  if (url === undefined) throw nothingRuns(config, 'CATALOG');
  return url;
}

function nothingRuns(config: Config, variable: string): EngineError {
  return new EngineError('misconfigured', `${variable} is not set and nothing has run in ${config.dataDir} yet`);
}

/** The first of `wanted` on which nobody listens, else one that the system chooses. 127.0.0.1. */
export async function freePort(...wanted: readonly (number | undefined)[]): Promise<number> {
  for (const port of wanted) {
    if (port !== undefined && port > 0 && (await tryPort(port)) !== null) return port;
  }
  const chosen = await tryPort(0);
  if (chosen === null) throw new EngineError('unavailable', 'no free port on 127.0.0.1');
  return chosen;
}

/** The port of a URL; undefined when there is no URL or it names none. */
export function portOf(url: string | undefined): number | undefined {
  const port = url === undefined ? '' : new URL(url).port;
  return port === '' ? undefined : Number(port);
}

function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}
