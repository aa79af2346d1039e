/**
 * The child process of the embedded warehouse: chDB behind the part of ClickHouse's HTTP interface that
 * `@clickhouse/client` speaks. Every request has a chDB session of its own, so that no setting outlives it.
 *
 * argv: data folder, port (0: a free one). Says `{ port }` or `{ error }` once: to the parent that forked it, with whom it
 * ends; as a server of its own (compose/native), as a line of standard output.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type ChdbResult, drainPending, Session } from 'chdb';
import { BadRequestError, type BridgeRequest, insertFromFile, literal, readBridgeRequest } from './bridge-request.ts';
import { slots } from './slots.ts';

const RUNNING_AT_ONCE = 2;

const [path, port] = [process.argv[2], Number(process.argv[3])];
if (!path) throw new Error('chdb-bridge: expected a data folder and a port');

/** Keeps the engine loaded between requests; no statement runs on it but the first. */
const anchor = openEngine(path);

// Only now: until the engine holds the folder's lock, the files may be another bridge's.
const inbox = join(path, 'bridge-inbox');
rmSync(inbox, { recursive: true, force: true });
mkdirSync(inbox, { recursive: true });

const slot = slots(RUNNING_AT_ONCE);
let files = 0;

function openEngine(folder: string): Session {
  try {
    const session = new Session(folder);
    session.query('SELECT 1');
    return session;
  } catch (error) {
    // The kernel drops chDB's lock with its process, so a SIGKILL leaves none; a living owner makes this fail.
    tell({ error: messageOf(error), busy: true }, () => process.exit(1));
    throw error;
  }
}

function tell(hello: { port: number } | { error: string; busy?: true }, then: () => void = () => undefined): void {
  if (process.send) process.send(hello, then);
  else process.stdout.write(`${JSON.stringify(hello)}\n`, then);
}

async function run(request: BridgeRequest): Promise<ChdbResult> {
  const session = new Session(path as string);
  const file = request.data === null ? null : join(inbox, `${files++}.data`);
  try {
    for (const statement of preamble(request)) await session.queryAsync(statement);
    if (file === null || request.data === null)
      return await session.queryAsync(request.sql, { format: request.format });
    writeFileSync(file, request.data);
    return await session.queryAsync(insertFromFile(request.sql, file), { format: request.format });
  } finally {
    session.close();
    if (file !== null) rmSync(file, { force: true });
  }
}

/** Parameters and settings of this request alone; `readonly` last, because it forbids all others. */
function preamble(request: BridgeRequest): string[] {
  const readonly = request.settings.filter(([name]) => name === 'readonly');
  const others = request.settings.filter(([name]) => name !== 'readonly');
  const set = ([name, value]: readonly [string, string]) => `SET ${name} = ${literal(value)}`;
  return [
    ...(request.database === null ? [] : [`USE \`${request.database.replaceAll('`', '\\`')}\``]),
    ...[...request.parameters, ...others, ...readonly].map(set),
  ];
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (isForeign(request)) {
    response.writeHead(403).end('This engine answers local clients only, no web page.\n');
    return;
  }
  if (request.url === '/ping') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('Ok.\n');
    return;
  }
  try {
    const parsed = await readBridgeRequest(request);
    const result = await slot(() => run(parsed));
    const summary = { read_rows: String(result.rowsRead), elapsed_ns: String(Math.round(result.elapsed * 1e9)) };
    response
      .writeHead(200, {
        'content-type': /json/i.test(parsed.format) ? 'application/json' : 'text/plain; charset=UTF-8',
        'x-clickhouse-format': parsed.format,
        'x-clickhouse-summary': JSON.stringify(summary),
      })
      .end(result.bytes());
  } catch (error) {
    refuse(response, error);
  }
}

/** A page in a browser could otherwise reach the engine through its user. */
function isForeign(request: IncomingMessage): boolean {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  return request.headers.origin !== undefined || !['127.0.0.1', 'localhost', '[::1]'].includes(host);
}

function refuse(response: ServerResponse, error: unknown): void {
  const message = messageOf(error);
  const code = /^Code: (\d+)\./.exec(message)?.[1] ?? (error instanceof BadRequestError ? '36' : '1002');
  const text = message.startsWith('Code: ') ? message : `Code: ${code}. DB::Exception: ${message} (BAD_ARGUMENTS)`;
  const status = error instanceof BadRequestError || badQuery.has(code) ? 400 : 500;
  response.writeHead(status, { 'x-clickhouse-exception-code': code, 'content-type': 'text/plain' }).end(`${text}\n`);
}

/** SYNTAX_ERROR, UNKNOWN_TABLE and their like: what ClickHouse answers as the caller's fault. */
const badQuery: ReadonlySet<string> = new Set([
  '36',
  '43',
  '44',
  '46',
  '47',
  '53',
  '57',
  '60',
  '62',
  '81',
  '115',
  '456',
]);

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const server = createServer({ maxHeaderSize: 1024 * 1024, keepAliveTimeout: 10_000 }, (request, response) => {
  answer(request, response).catch((error) => response.destroy(error as Error));
});

let ending = false;
/** Lets running statements end, then leaves. */
async function drain(): Promise<void> {
  if (ending) return;
  ending = true;
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  await closed;
  anchor.close();
  await drainPending();
  process.exit(0);
}

process.on('SIGTERM', drain);
// Ctrl-C reaches the whole process group; the parent decides when the engine may go.
process.on('SIGINT', () => undefined);
process.on('disconnect', drain);

server.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EADDRINUSE') server.listen(0, '127.0.0.1');
  else tell({ error: messageOf(error) }, () => process.exit(1));
});
server.on('listening', () => tell({ port: (server.address() as AddressInfo).port }));
server.listen(port, '127.0.0.1');
