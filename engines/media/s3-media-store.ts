import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { AwsClient } from 'aws4fetch';
import { EngineError } from '../errors.ts';
import type { Random } from '../random.ts';
import { receiveInto } from './incoming.ts';
import type { MediaStore } from './media-store.ts';

export interface S3MediaOptions {
  /** s3+https://host[:port]/bucket[/prefix][?region=…]; `s3+http://` for one without TLS. Addressed by path. */
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** How public URLs begin, a CDN's for instance; null: the bucket's own. */
  readonly publicUrl: string | null;
  /** Where bodies are received before they are inspected and sent on. */
  readonly incoming: string;
  readonly random: Random;
}

const CALL_MS_MAX = 30_000;
const SEND_MS_MAX = 600_000;
const READ_FOR_S = 600;
const TYPE = 'video/mp4';
/** A name that has a file is refused with 412, so that what was looked at stays what it was. */
const ONCE = { 'if-none-match': '*' };
const IMMUTABLE = 'public, max-age=31536000, immutable';

/** Media in a bucket of S3 or what speaks like it. Source: "Authenticating Requests (AWS Signature Version 4)", by aws4fetch. */
export function openS3Media(options: S3MediaOptions): MediaStore {
  const { origin, path, region } = addressOf(options.url);
  const { accessKeyId, secretAccessKey } = options;
  const aws = new AwsClient({ accessKeyId, secretAccessKey, service: 's3', region, retries: 2 });
  const place = (name: string) => `${origin}${path}/${name}`;

  async function call(name: string, init: RequestInit & { duplex?: 'half' }, ms = CALL_MS_MAX): Promise<Response> {
    try {
      return await aws.fetch(place(name), { ...init, signal: AbortSignal.timeout(ms) });
    } catch (error) {
      throw new EngineError('unavailable', `media: ${origin} does not answer`, error);
    }
  }

  async function signed(name: string, method: 'GET' | 'PUT', seconds: number, headers: Record<string, string> = {}) {
    const url = new URL(place(name));
    url.searchParams.set('X-Amz-Expires', String(seconds));
    const request = await aws.sign(url, { method, headers, aws: { signQuery: true, allHeaders: true } });
    return request.url;
  }

  return {
    receive: (body, maxBytes) => receiveInto(options.incoming, body, maxBytes, options.random),
    async keep({ path: file, bytes }, name) {
      const body = Readable.toWeb(createReadStream(file)) as unknown as NonNullable<RequestInit['body']>;
      const headers = {
        'content-type': TYPE,
        'content-length': String(bytes),
        'cache-control': IMMUTABLE,
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
        ...ONCE,
      };
      const answer = await call(name, { method: 'PUT', headers, body, duplex: 'half' }, SEND_MS_MAX);
      if (answer.status === 412) throw new EngineError('conflict', `media: ${name} is there already`);
      await refuse(answer, 'keep');
      await rm(file, { force: true });
    },
    async source(name) {
      const answer = await call(name, { method: 'HEAD' });
      if (answer.status === 404) return null;
      await refuse(answer, 'find');
      const bytes = Number(answer.headers.get('content-length') ?? 0);
      return { at: { url: await signed(name, 'GET', READ_FOR_S) }, bytes };
    },
    publicUrl: (name) => (options.publicUrl === null ? place(name) : `${options.publicUrl}/${name}`),
    async uploadPlace(name, expiresInMs) {
      const headers = { 'content-type': TYPE, ...ONCE };
      return { url: await signed(name, 'PUT', Math.ceil(expiresInMs / 1_000), headers), headers };
    },
    async remove(name) {
      await refuse(await call(name, { method: 'DELETE' }), 'remove');
    },
  };
}

function addressOf(text: string): { origin: string; path: string; region: string } {
  const url = new URL(text.replace(/^s3\+/, ''));
  return {
    origin: url.origin,
    path: url.pathname.replace(/\/+$/, ''),
    region: url.searchParams.get('region') ?? 'us-east-1',
  };
}

/** What is not 2xx rejects, with what the store said. */
async function refuse(answer: Response, what: string): Promise<void> {
  const text = await answer.text();
  if (answer.ok || (what === 'remove' && answer.status === 404)) return;
  const code = answer.status >= 500 ? 'unavailable' : 'misconfigured';
  throw new EngineError(code, `media: could not ${what} a file, ${answer.status} ${text.slice(0, 200)}`);
}
