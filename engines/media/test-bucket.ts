import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestBucket {
  readonly url: string;
  readonly objects: Map<string, { readonly bytes: Buffer; readonly headers: Readonly<Record<string, string>> }>;
  /** Why requests were refused, in order. */
  readonly refusals: readonly string[];
  /** Answers this status to the next request, before it looks at it. */
  failNext(status: number): void;
  close(): Promise<void>;
}

export interface BucketKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

const FIFTEEN_MINUTES_MS = 900_000;
const EXPIRES_S_MAX = 604_800;

/**
 * A bucket that believes nobody: each request's signature is made again from its raw bytes by "Signature Calculations for the
 * Authorization Header" and "… Query Parameters" (AWS Signature Version 4, Amazon S3), in words of its own.
 */
export async function startTestBucket(keys: BucketKeys): Promise<TestBucket> {
  const objects: TestBucket['objects'] = new Map();
  const refusals: string[] = [];
  let failing: number | null = null;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (failing !== null) {
        response.writeHead(failing).end();
        failing = null;
        return;
      }
      const body = Buffer.concat(chunks);
      const wrong = faultOf(request, body, keys);
      if (wrong === null) serve(request, body, response, objects);
      else {
        refusals.push(wrong);
        response.writeHead(403, { 'content-type': 'application/xml' });
        response.end(`<Error><Code>SignatureDoesNotMatch</Code><Message>${wrong}</Message></Error>`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    refusals,
    failNext(status) {
      failing = status;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function serve(request: IncomingMessage, body: Buffer, response: ServerResponse, objects: TestBucket['objects']): void {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const found = objects.get(path);
  if (request.method === 'PUT') {
    if (found && request.headers['if-none-match'] === '*') return void response.writeHead(412).end();
    const { 'content-type': type = '', 'cache-control': cache = '' } = request.headers;
    objects.set(path, { bytes: body, headers: { 'content-type': type, 'cache-control': cache } });
    return void response.writeHead(200).end();
  }
  if (request.method === 'DELETE') {
    objects.delete(path);
    return void response.writeHead(204).end();
  }
  if (!found) return void response.writeHead(404).end();
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const part = from === undefined ? found.bytes : found.bytes.subarray(Number(from), Number(to) + 1);
  response.writeHead(from === undefined ? 200 : 206, { ...found.headers, 'content-length': part.length });
  response.end(request.method === 'HEAD' ? undefined : part);
}

interface Claimed {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  /** 20261127T175812Z */
  readonly date: string;
  readonly expiresS: number | null;
  readonly payload: string;
}

/** What is wrong with a request; null: it is signed by the holder of the keys, just now, and all that matters is signed. */
function faultOf(request: IncomingMessage, body: Buffer, keys: BucketKeys): string | null {
  const [path = '', search = ''] = (request.url ?? '').split('?');
  const query = search === '' ? [] : search.split('&').map((pair) => pair.split('=') as [string, string?]);
  const claimed = claimOf(request, query);
  if (claimed === null) return 'not signed';
  const day = claimed.date.slice(0, 8);
  const scope = `${day}/${keys.region}/s3/aws4_request`;
  if (claimed.credential !== `${keys.accessKeyId}/${scope}`) return `another credential: ${claimed.credential}`;
  const age = Date.now() - momentOf(claimed.date);
  if (
    claimed.expiresS === null
      ? Math.abs(age) > FIFTEEN_MINUTES_MS
      : age > claimed.expiresS * 1_000 || age < -FIFTEEN_MINUTES_MS
  )
    return 'too old, or of the future';
  if (claimed.expiresS !== null && !(claimed.expiresS >= 1 && claimed.expiresS <= EXPIRES_S_MAX))
    return 'no lawful expiry';
  const signed = claimed.signedHeaders.split(';');
  if (signed.join(';') !== [...signed].sort().join(';')) return 'signed headers are not in order';
  const must = Object.keys(request.headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
  const missing = must.filter((name) => !signed.includes(name));
  if (missing.length > 0) return `not signed: ${missing.join()}`;
  if (claimed.payload !== 'UNSIGNED-PAYLOAD' && claimed.payload !== sha256(body)) return 'another body';
  const canonical = [
    request.method,
    encodedPath(path),
    canonicalQuery(query),
    ...signed.map(
      (name) =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replaceAll(/ +/g, ' ')}`,
    ),
    '',
    claimed.signedHeaders,
    claimed.payload,
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', claimed.date, scope, sha256(Buffer.from(canonical))].join('\n');
  let key: Buffer = Buffer.from(`AWS4${keys.secretAccessKey}`);
  for (const part of [day, keys.region, 's3', 'aws4_request', toSign])
    key = createHmac('sha256', key).update(part).digest();
  const given = Buffer.from(claimed.signature, 'hex');
  return given.length === key.length && timingSafeEqual(given, key) ? null : 'another signature';
}

function claimOf({ headers }: IncomingMessage, query: readonly [string, string?][]): Claimed | null {
  const told = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/.exec(
    headers.authorization ?? '',
  );
  if (told) {
    const [, credential = '', signedHeaders = '', signature = ''] = told;
    const date = String(headers['x-amz-date'] ?? '');
    const payload = String(headers['x-amz-content-sha256'] ?? '');
    return { credential, signedHeaders, signature, date, expiresS: null, payload };
  }
  const of = (name: string) => decodeURIComponent(query.find(([key]) => key === name)?.[1] ?? '');
  if (of('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') return null;
  return {
    credential: of('X-Amz-Credential'),
    signedHeaders: of('X-Amz-SignedHeaders'),
    signature: of('X-Amz-Signature'),
    date: of('X-Amz-Date'),
    expiresS: Number(of('X-Amz-Expires')),
    payload: 'UNSIGNED-PAYLOAD',
  };
}

function momentOf(date: string): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(date) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** Every byte but letters, digits, - . _ ~ as %XX; of a path slashes stay. */
const encoded = (text: string) =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
const encodedPath = (path: string) =>
  path
    .split('/')
    .map((part) => encoded(decodeURIComponent(part)))
    .join('/');

function canonicalQuery(query: readonly [string, string?][]): string {
  return query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value = '']) => `${encoded(decodeURIComponent(name))}=${encoded(decodeURIComponent(value))}`)
    .sort()
    .join('&');
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
