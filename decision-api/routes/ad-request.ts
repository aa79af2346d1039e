import type { FastifyInstance, FastifyRequest } from 'fastify';
import { unreadableFields } from '../../domain/targeting/context.ts';
import { type AdRequestParts, decidePods } from '../answer-request.ts';
import type { Ask } from '../asking/ask.ts';
import { readerOf } from '../asking/readers.ts';
import { answerText, type Warning } from '../draft.ts';
import { onSheet } from '../http/sheet.ts';
import { explanationText } from '../recording/explanation.ts';
import { type AdRequestBody, adRequestBody, dropNulls, unknownFields } from './ad-request-schema.ts';
import { readers } from './explain.ts';
import { answerFormat, formatOf } from './players.ts';

interface AdRequestRoute {
  Body: AdRequestBody;
  Querystring: { readonly explain?: unknown; readonly format?: unknown };
}

/** POST /api/v2/ad-request: a pod for a break, or one for each of `breaks`, as JSON or in the `format` that is asked for. */
export function adRequestRoute(app: FastifyInstance, parts: AdRequestParts): void {
  const options = {
    schema: { body: adRequestBody },
    preValidation: async ({ body }: FastifyRequest) => dropNulls(body),
  };
  app.post<AdRequestRoute>('/api/v2/ad-request', options, async (request, reply) => {
    const { body, query } = request;
    const warnings = warningsOf(body, parts);
    const dialect = formatOf(query.format ?? body.format);
    if (dialect !== 'json') return answerFormat(request, reply, { dialect, body, warnings }, parts);
    const explain = isYes(query.explain)
      ? readerOf(parts.callers.withScope(request, 'ads:request'), request, parts.cache.advertisers)
      : null;
    if (isYes(query.explain) && explain === null) warnings.push({ pointer: '/explain', detail: `is for ${readers}` });
    const pods = await decidePods(request, body, { dialect, warnings, explain }, parts);
    const answers: string[] = [];
    for (const [index, { ask, draft, explain: told }] of pods.entries()) {
      const offset = body.breaks?.[index]?.offset ?? null;
      const around = body.breaks === undefined ? {} : { before: { id: ask.breakId, offset }, warnings: false };
      const explain = told && (await explanationText(told, parts.clock));
      answers.push(answerText(draft, parts.tokens, parts.base(), { ...around, explain }));
    }
    reply.header('cache-control', 'no-store').type('application/json; charset=utf-8');
    if (body.breaks === undefined) return onSheet(answers[0] ?? '');
    return onSheet(
      streamOf(
        pods.map(({ ask }) => ask),
        answers,
        body,
        warnings,
      ),
    );
  });
}

/** The pods of a stream, in the order in which they were asked for, as JSON text. */
function streamOf(
  asks: readonly Ask[],
  answers: readonly string[],
  { request_id }: AdRequestBody,
  warnings: readonly Warning[],
): string {
  const id = JSON.stringify(request_id ?? asks[0]?.requestId.split('/')[0]);
  return `{"request_id":${id},"breaks":[${answers.join()}],"warnings":${JSON.stringify(warnings)}}`;
}

const WARNINGS_MAX = 20;

function warningsOf(body: AdRequestBody, { metrics }: AdRequestParts): Warning[] {
  const unknown = unknownFields(body);
  if (unknown.length > 0) metrics.unknownFields.inc(unknown.length);
  const ignored = unknown.map((pointer) => ({ pointer: pointer.slice(0, 256), detail: 'unknown field, ignored' }));
  const unread = unreadableFields(body).map((pointer) => ({ pointer, detail: 'cannot be read, counts as unknown' }));
  return [...unread, ...ignored].slice(0, WARNINGS_MAX);
}

function isYes(value: unknown): boolean {
  return value === '1' || value === 'true';
}
