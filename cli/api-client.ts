import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiProblem, Client } from '../client/client.ts';
import { readConfig } from '../engines/config.ts';
import { readEndpoints } from '../engines/endpoints.ts';
import { EngineError } from '../engines/errors.ts';

/** Where and as whom a command asks the management API; what is left out comes from the environment, then from DATA_DIR. */
export interface ApiOptions {
  readonly url?: string;
  readonly key?: string;
  readonly json?: boolean;
}

/** Exit codes: done; refused by the API; not there; who is asking is unknown or may not; changed meanwhile; the API is away. */
export const exitCodes = { done: 0, refused: 1, notFound: 3, notAllowed: 4, changed: 5, away: 6 } as const;

/** EngineError `misconfigured` where nobody says where the API is or who asks. */
export function apiClient(options: ApiOptions): Client {
  const config = readConfig();
  const given = config.managementUrl === 'local' ? null : config.managementUrl;
  const url = options.url ?? given ?? readEndpoints(config.dataDir).management;
  if (url === undefined)
    throw new EngineError(
      'misconfigured',
      `no management API is known: --url or MANAGEMENT_URL, or start one with DATA_DIR=${config.dataDir}`,
    );
  const parsed = URL.parse(url);
  if (parsed === null || parsed.username !== '' || parsed.password !== '')
    throw new EngineError('misconfigured', 'the management API: expected http://host:port, without user or password');
  const key = options.key ?? config.managementKey ?? keptKey(config.dataDir);
  if (key === undefined)
    throw new EngineError('misconfigured', 'no key: --key or MANAGEMENT_KEY; breakwater keys create makes one');
  return new Client({ url, key });
}

function keptKey(dataDir: string): string | undefined {
  try {
    return readFileSync(join(dataDir, 'admin-key'), 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Runs a command against the API. A refusal is told with its places on standard error and becomes the exit code. */
export async function withApi(options: ApiOptions, work: (client: Client) => Promise<void>): Promise<void> {
  try {
    await work(apiClient(options));
  } catch (error) {
    if (error instanceof ApiProblem) {
      const places = error.errors.map(
        ({ line, pointer, detail }) => `  ${line === undefined ? '' : `line ${line}: `}${pointer} ${detail}\n`,
      );
      process.stderr.write(`breakwater: ${error.title}: ${error.message}\n${places.join('')}`);
      process.exitCode = codeOf(error.status);
      return;
    }
    if (error instanceof TypeError && error.cause !== undefined) {
      process.stderr.write(
        `breakwater: the management API does not answer: ${String((error.cause as Error).message)}\n`,
      );
      process.exitCode = exitCodes.away;
      return;
    }
    throw error;
  }
}

function codeOf(status: number): number {
  if (status === 404) return exitCodes.notFound;
  if (status === 401 || status === 403) return exitCodes.notAllowed;
  if (status === 412) return exitCodes.changed;
  return status >= 500 || status === 429 ? exitCodes.away : exitCodes.refused;
}

/** Columns as wide as their widest cell; numbers to the right. */
export function table(rows: readonly Readonly<Record<string, string | number | null>>[]): string {
  const [first] = rows;
  if (first === undefined) return '';
  const names = Object.keys(first);
  const text = (value: string | number | null | undefined) => String(value ?? '-');
  const width = (name: string) => Math.max(name.length, ...rows.map((row) => text(row[name]).length));
  const line = (cell: (name: string) => string, right: (name: string) => boolean) =>
    names
      .map((name) => (right(name) ? cell(name).padStart(width(name)) : cell(name).padEnd(width(name))))
      .join('  ')
      .trimEnd();
  const isNumber = (name: string) => rows.every((row) => typeof row[name] === 'number' || row[name] === null);
  return [
    line((name) => name.toUpperCase(), isNumber),
    ...rows.map((row) => line((name) => text(row[name]), isNumber)),
  ].join('\n');
}

/** Money as people read it: 25.00 for 25,000,000 micros. */
export function money(micros: number | null): string | null {
  return micros === null ? null : (micros / 1_000_000).toFixed(2);
}

export function say(options: ApiOptions, value: unknown, shown: () => string): void {
  process.stdout.write(`${options.json ? JSON.stringify(value) : shown()}\n`);
}
