import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../engines/http/problem.ts';
import type { Received } from '../../engines/media/media-store.ts';
import type { ManagementParts } from '../parts.ts';
import { receiveBody } from './file-routes.ts';
import { discard } from './received.ts';

/** A multipart form: its fields as text, and the one file, received. */
export interface Form {
  readonly fields: Readonly<Record<string, string>>;
  readonly file: Received | null;
}

/** Throws Problem 400, 413; then nothing of the file stays. */
export async function readForm(request: FastifyRequest, parts: ManagementParts): Promise<Form> {
  const fields: Record<string, string> = {};
  let file: Received | null = null;
  try {
    for await (const part of request.parts()) {
      if (part.type === 'field') fields[part.fieldname] = textOf(part);
      else if (part.fieldname === 'file' && file === null) file = await receivePart(part.file, parts);
      else {
        part.file.resume();
        throw wrong(`/${part.fieldname}`, 'is not a known file: send one, as `file`');
      }
    }
    return { fields, file };
  } catch (error) {
    if (file) await discard(file);
    throw asProblem(error);
  }
}

async function receivePart(
  stream: Readable & { readonly truncated?: boolean },
  parts: ManagementParts,
): Promise<Received> {
  const received = await receiveBody(stream, parts);
  if (stream.truncated !== true) return received;
  await discard(received);
  const detail = `at most ${parts.mediaBytes} bytes are taken`;
  throw new Problem(413, 'File too large', detail, [{ pointer: '/file', detail }]);
}

function textOf(part: {
  readonly fieldname: string;
  readonly value: unknown;
  readonly valueTruncated: boolean;
}): string {
  if (part.valueTruncated || typeof part.value !== 'string') throw wrong(`/${part.fieldname}`, 'is too long');
  return part.value;
}

function wrong(pointer: string, detail: string): Problem {
  return new Problem(400, 'Invalid request', `${pointer} ${detail}`, [{ pointer, detail }]);
}

/** What the reader of forms finds wrong is the caller's. */
function asProblem(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'FST_REQ_FILE_TOO_LARGE') return new Problem(413, 'File too large', 'the file is larger than is taken');
  const { message } = error as Error;
  const theirs =
    /^FST_|ERR_STREAM_PREMATURE_CLOSE|ECONNRESET/.test(code) || /multipart|end of form|content-type/i.test(message);
  return theirs ? new Problem(400, 'Not a form', message) : error;
}
