import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from './problem.ts';

/**
 * Bodies are JSON whatever the content type says: players send text/plain or nothing. Invalid UTF-8 is refused, not
 * repaired; so is what is compressed, and what lies deeper than anything that is asked for, because all that walks a body would run out of stack.
 * `emptyIsNone`: no bytes are no body, where clients name a content type for a DELETE too.
 */
export function readBodiesAsJson(app: FastifyInstance, levels: number, { emptyIsNone = false } = {}): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    if (emptyIsNone && body.length === 0) return undefined;
    refuseCompressed(request.headers['content-encoding']);
    return parseBody(body, levels);
  });
}

/** Throws Problem 415. What is no compression, such as `UTF-8`, says nothing. */
function refuseCompressed(encoding = ''): void {
  if (!/\b(gzip|deflate|compress|br|zstd)\b/i.test(encoding)) return;
  throw new Problem(415, 'Compressed body', 'a body is read as it is: send it without Content-Encoding');
}

/** Throws Problem 400 for what is not JSON in UTF-8, or lies deeper than `levels`. */
export function parseBody(body: Buffer, levels: number): unknown {
  const value = parseJson(decode(body));
  if (isDeeperThan(value, levels)) {
    throw new Problem(400, 'Nested too deeply', `a body has at most ${levels} levels`);
  }
  return value;
}

function decode(body: Buffer): string {
  if (!isUtf8(body)) throw new Problem(400, 'Not UTF-8', 'the body is not valid UTF-8');
  const text = body.toString('utf8');
  // As a TextDecoder reads it: without a byte order mark.
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(400, 'Not JSON', 'the body is not valid JSON');
  }
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}
