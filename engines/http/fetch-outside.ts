import { lookup } from 'node:dns';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { EngineError } from '../errors.ts';
import { hostOf, outsideFault, publicLookup } from './outside.ts';

export interface FetchOutsideOptions {
  /** host:port of those inside this network that may be asked, and over plain HTTP too. */
  readonly allowed: readonly string[];
  /** Origins that are not asked, whoever leads there. */
  readonly never: readonly string[];
  /** Ends what is under way, redirects included. */
  readonly signal: AbortSignal;
  readonly bytesMax: number;
  readonly redirectsMax: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Who answers for names; absent: the system. */
  readonly resolve?: typeof lookup;
  /** Certificates that are believed; absent: the system's. */
  readonly ca?: string;
}

export interface Fetched {
  /** Of the last redirect. */
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * GETs what strangers named, so nothing of this network is asked: each URL on the way is judged by its form, and each connection by
 * the address that it is made to. Answers a text in UTF-8. Throws EngineError: `refused` for what may not be asked or is too large,
 * `timeout` when the signal ends it, else `unavailable`.
 */
export async function fetchOutside(text: string, options: FetchOutsideOptions): Promise<Fetched> {
  let url = text;
  for (let hops = 0; ; hops++) {
    const fault = outsideFault(url, options.allowed);
    if (fault !== null) throw new EngineError('refused', `${shown(url)} ${fault}`);
    if (options.never.includes(new URL(url).origin)) throw new EngineError('refused', 'it leads back to us');
    const answer = await ask(new URL(url), options);
    const { location } = answer.headers;
    if (!redirects.has(answer.statusCode ?? 0) || location === undefined) {
      return { url, status: answer.statusCode ?? 0, text: await bodyOf(answer, options) };
    }
    answer.destroy();
    if (hops === options.redirectsMax) throw new EngineError('refused', `more than ${hops} redirects`);
    url = URL.parse(location, url)?.href ?? location;
  }
}

function ask(
  url: URL,
  { allowed, signal, headers, resolve = lookup, ca }: FetchOutsideOptions,
): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? secureRequest : plainRequest;
  return new Promise((answered, failed) => {
    const request = send(url, {
      agent: false,
      signal,
      // What is compressed could be anything when it is unpacked.
      headers: { ...headers, 'accept-encoding': 'identity' },
      maxHeaderSize: 16 * 1024,
      ...(ca === undefined ? {} : { ca }),
      lookup: allowed.includes(hostOf(url)) ? (resolve as LookupFunction) : publicLookup(resolve),
    });
    request.on('response', answered);
    request.on('error', (error) => failed(asEngineError(error, signal)));
    request.end();
  });
}

function bodyOf(answer: IncomingMessage, { bytesMax, signal }: FetchOutsideOptions): Promise<string> {
  const encoding = answer.headers['content-encoding'] ?? 'identity';
  return new Promise((resolve, reject) => {
    const refuse = (why: string) => {
      answer.destroy();
      reject(new EngineError('refused', why));
    };
    if (encoding !== 'identity') return refuse(`it answered in ${shown(encoding)}, unasked`);
    const chunks: Buffer[] = [];
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) refuse(`it answered more than ${bytesMax} bytes`);
      else chunks.push(chunk);
    });
    answer.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    answer.on('error', (error) => reject(asEngineError(error, signal)));
    answer.on('close', () => reject(new EngineError('unavailable', 'it ended before its answer did')));
  });
}

function asEngineError(error: Error, signal: AbortSignal): EngineError {
  if (error instanceof EngineError) return error;
  if (signal.aborted) return new EngineError('timeout', 'it did not answer in time', error);
  return new EngineError('unavailable', error.message, error);
}

/** A text of a stranger's in a message of ours. */
function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
