import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config.ts';
import { EngineError } from './errors.ts';

/** Where the running house answers; DATA_DIR/endpoints.json. Kept between runs so that ports stay the same. */
export interface Endpoints {
  readonly decisionApi?: string;
  /** Health and metrics of management. */
  readonly management?: string;
  /** Instances of the decision API beyond the first: number -> URL. */
  readonly moreDecisionApis?: Readonly<Record<string, string>>;
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
  } catch {
    // A parser's complaint repeats what it read, and the catalog's URL carries a password.
    throw new EngineError('misconfigured', `${join(dataDir, 'endpoints.json')} is not JSON; delete it`);
  }
}

/** Adds to what is known. Readable by the owner only: the catalog's URL carries a password. */
export function keepEndpoints(dataDir: string, found: Endpoints): void {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, 'endpoints.json');
  const last = readEndpoints(dataDir);
  const moreDecisionApis = { ...last.moreDecisionApis, ...found.moreDecisionApis };
  const known = { ...last, ...found, moreDecisionApis, workers: { ...last.workers, ...found.workers } };
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

/**
 * Listens on the first of `ports` that nobody else has; 0 lets the system choose. Whoever listens has the port: looking
 * for a free one first and listening later would let two houses find the same.
 */
export async function listenOnFirst<T>(
  ports: readonly (number | undefined)[],
  listen: (port: number) => Promise<T>,
): Promise<T> {
  let taken: unknown;
  for (const port of ports) {
    if (port === undefined) continue;
    try {
      return await listen(port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      taken = error;
    }
  }
  throw new EngineError(
    'misconfigured',
    `port ${ports.join(' or ')} is taken; choose another, or 0 for a free one`,
    taken,
  );
}

/**
 * Where to listen: on the configured port and no other, else on that of the last time, else on the `usual` one (unless 0 was
 * configured) or a free one.
 */
export function portsToTry(configured: number | null, lastUrl: string | undefined, usual?: number): readonly number[] {
  if (configured !== null && configured !== 0) return [configured];
  return [portOf(lastUrl), configured === null ? usual : undefined, 0].filter((port) => port !== undefined);
}

/** The port of a URL; undefined when there is no URL or it names none. */
export function portOf(url: string | undefined): number | undefined {
  const port = url === undefined ? '' : new URL(url).port;
  return port === '' ? undefined : Number(port);
}
