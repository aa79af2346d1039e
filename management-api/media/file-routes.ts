import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { EngineError } from '../../engines/errors.ts';
import { Problem } from '../../engines/http/problem.ts';
import type { Received } from '../../engines/media/media-store.ts';
import type { ManagementParts } from '../parts.ts';
import { discard } from './received.ts';
import { creativeIdOf, uploadNameOf } from './upload-url.ts';

interface ByName {
  Params: { readonly name: string };
  Querystring: Readonly<Record<string, unknown>>;
}

/** Files themselves: GET and HEAD for players, PUT for whoever has a signed URL. Bodies are streams here, whatever their type. */
export async function fileRoutes(app: FastifyInstance, parts: ManagementParts): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, body, done) => done(null, body));
    const hidden = { schema: { hide: true } };
    scope.get<ByName>('/media/:name', hidden, (request, reply) => sendFile(request, reply, parts));
    scope.put<ByName>('/api/v1/uploads/:name', hidden, async (request, reply) => {
      const name = uploadNameOf({ name: request.params.name, query: request.query }, parts);
      const received = await receiveBody(request.body as Readable | undefined, parts);
      await keepAs(received, name, parts);
      return reply.code(201).send({ video_url: parts.mediaUrl(name), bytes: received.bytes });
    });
  });
}

/** Throws Problem 400, 413. */
export async function receiveBody(
  body: Readable | undefined,
  { media, mediaBytes }: Pick<ManagementParts, 'media' | 'mediaBytes'>,
): Promise<Received> {
  if (body === undefined) throw new Problem(400, 'Nothing uploaded', 'the body is the file');
  try {
    return await media.receive(body, mediaBytes);
  } catch (error) {
    if (!(error instanceof EngineError && error.code === 'refused')) throw error;
    const large = error.message.includes('more than');
    const detail = large ? `at most ${mediaBytes} bytes are taken` : 'the file is empty or did not arrive whole';
    throw new Problem(large ? 413 : 400, large ? 'File too large' : 'Cut short', detail, [
      { pointer: '/file', detail },
    ]);
  }
}

/** Throws Problem 409 when the name has a file; a file that cannot be kept is removed. */
export async function keepAs(
  received: Received,
  name: string,
  { media }: Pick<ManagementParts, 'media'>,
): Promise<void> {
  try {
    await media.keep(received, name);
  } catch (error) {
    await discard(received);
    if (!(error instanceof EngineError && error.code === 'conflict')) throw error;
    throw new Problem(409, 'There already', 'a file was put here before; ask for another upload URL');
  }
}

async function sendFile(
  { params, headers }: FastifyRequest<ByName>,
  reply: FastifyReply,
  { media }: ManagementParts,
): Promise<FastifyReply> {
  const found = creativeIdOf(params.name) === null ? null : await media.source(params.name);
  if (found === null || !('path' in found.at)) throw new Problem(404, 'Not found', 'there is no file of this name');
  const tag = `"${params.name}"`;
  reply
    .header('accept-ranges', 'bytes')
    .header('cache-control', 'public, max-age=31536000, immutable')
    .header('etag', tag)
    // Players in a page load it from anywhere; it is public.
    .header('cross-origin-resource-policy', 'cross-origin')
    .type('video/mp4');
  if (headers['if-none-match'] === tag) return reply.code(304).send();
  // One of a store that others write to.
  if (found.bytes === 0) return reply.send('');
  const part = partOf(headers.range, found.bytes);
  if (part === 'unsatisfiable') {
    return reply.code(416).header('content-range', `bytes */${found.bytes}`).send();
  }
  const { start, end } = part ?? { start: 0, end: found.bytes - 1 };
  if (part !== null) reply.code(206).header('content-range', `bytes ${start}-${end}/${found.bytes}`);
  reply.header('content-length', end - start + 1);
  return reply.send(createReadStream(found.at.path, { start, end }));
}

/** One range (RFC 9110, section 14); null: all of it, which is also right for what asks for several or cannot be read. */
function partOf(range: string | undefined, bytes: number): { start: number; end: number } | 'unsatisfiable' | null {
  const found = /^bytes=(\d*)-(\d*)$/.exec(range ?? '');
  if (!found || (found[1] === '' && found[2] === '')) return null;
  const [first, last] = [found[1] ?? '', found[2] ?? ''];
  if (first === '') {
    const count = Math.min(Number(last), bytes);
    return count === 0 ? 'unsatisfiable' : { start: bytes - count, end: bytes - 1 };
  }
  const [start, end] = [Number(first), last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)];
  if (last !== '' && Number(last) < start) return null;
  return start >= bytes ? 'unsatisfiable' : { start, end };
}
