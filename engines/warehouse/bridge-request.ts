import type { IncomingMessage } from 'node:http';

/** One ClickHouse-HTTP request, taken apart. */
export interface BridgeRequest {
  /** The statement; of an insert with data only the part before the data, its FORMAT clause included. */
  readonly sql: string;
  /** The insert's data as it came; null for every other statement. */
  readonly data: Buffer | null;
  readonly database: string | null;
  readonly format: string;
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** The request cannot be understood; answered as 400. */
export class BadRequestError extends Error {
  override readonly name = 'BadRequestError';
}

const MAX_BODY_BYTES = 256 * 1024 * 1024;

/** URL keys of ClickHouse's HTTP interface that are no settings, or that mean nothing to one embedded engine. */
const notSettings: ReadonlySet<string> = new Set([
  'query',
  'database',
  'default_format',
  'query_id',
  'session_id',
  'session_timeout',
  'session_check',
  'user',
  'password',
  'quota_key',
  'role',
  'compress',
  'decompress',
  'buffer_size',
  'wait_end_of_query',
  'enable_http_compression',
]);

/** Reads a whole request. Rejects with BadRequestError. */
export async function readBridgeRequest(request: IncomingMessage): Promise<BridgeRequest> {
  const search = new URL(request.url ?? '/', 'http://bridge').searchParams;
  const body = await readBody(request);
  const parts = multipartOf(request.headers['content-type'], body);
  const entries = [...search.entries(), ...(parts ?? [])];
  const inUrl = entries
    .filter(([name]) => name === 'query')
    .map(([, value]) => value)
    .join('\n');
  const isInsert = parts === null && body.length > 0 && /^\s*insert\s/i.test(inUrl);
  const format = search.get('default_format') ?? header(request, 'x-clickhouse-format') ?? 'TabSeparated';
  return {
    sql: isInsert || parts ? inUrl : [inUrl, body.toString('utf8')].filter(Boolean).join('\n'),
    data: isInsert ? body : null,
    database: search.get('database') ?? header(request, 'x-clickhouse-database'),
    format: identifier(format),
    settings: entries
      .filter(([name]) => !notSettings.has(name) && !name.startsWith('param_'))
      .map(([name, value]) => [identifier(name), value] as const),
    parameters: entries
      .filter(([name]) => name.startsWith('param_'))
      .map(([name, value]) => [identifier(name), value] as const),
  };
}

/** A string literal of the ClickHouse dialect. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** Splits `INSERT … [SETTINGS …] FORMAT name` so that its data can come from a file. */
export function insertFromFile(sql: string, path: string): string {
  const match = /^(?<head>[\s\S]*?)(?<tail>(?:\s+settings\s[\s\S]*?)?\s+format\s+\w+)\s*;?\s*$/i.exec(sql);
  if (!match?.groups) throw new BadRequestError('an INSERT with data must end in FORMAT and the name of a format');
  return `${match.groups.head} FROM INFILE ${literal(path)}${match.groups.tail}`;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding && encoding !== 'identity') throw new BadRequestError(`content-encoding ${encoding} is not taken here`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY_BYTES) throw new BadRequestError(`a body may have ${MAX_BODY_BYTES} bytes at most`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** The named parts of a form, in which the client sends parameters too long for a URL. Null: not a form. */
function multipartOf(contentType: string | undefined, body: Buffer): [string, string][] | null {
  const boundary = /^multipart\/form-data;.*\bboundary="?([^";]+)"?/i.exec(contentType ?? '')?.[1];
  if (boundary === undefined) return null;
  return body
    .toString('utf8')
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const match = /^\r\ncontent-disposition: form-data; name="([^"]+)"\r\n\r\n([\s\S]*)\r\n$/i.exec(part);
      if (!match) throw new BadRequestError('only plain named parts are taken in a form');
      return [match[1] as string, match[2] as string];
    });
}

function identifier(name: string): string {
  if (!/^\w+$/.test(name)) throw new BadRequestError(`${JSON.stringify(name)} is not a name`);
  return name;
}

function header(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' ? value : null;
}
