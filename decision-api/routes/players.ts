import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import { Problem } from '../../engines/http/problem.ts';
import { type AdRequestParts, decidePods } from '../answer-request.ts';
import { invalid } from '../asking/pod-rules.ts';
import { type BreakPlace, readPlace } from '../dialects/breaks.ts';
import { type Dialect, hlsFiles, vastFiles } from '../dialects/dialect.ts';
import { queryWith, readQuery } from '../dialects/query.ts';
import {
  atLeast,
  defaultVersion,
  isVastVersion,
  type VastVersion,
  vastVersions,
  versionIn,
} from '../dialects/vast/versions.ts';
import { type BreakTold, placesOf, write } from '../dialects/write.ts';
import type { Warning } from '../draft.ts';
import { limits } from '../limits.ts';
import { type AdRequestBody, adRequestBody } from './ad-request-schema.ts';

type Format = Exclude<Dialect, 'json' | 'v1' | 'openrtb'>;

interface FormatAsked {
  readonly dialect: Format;
  readonly body: AdRequestBody;
  readonly warnings: readonly Warning[];
  /** The breaks as VMAP says them; absent: as the body says. */
  readonly places?: readonly BreakTold[];
}

/** What was asked for, else JSON. Throws Problem 400 for a format that is none. */
export function formatOf(given: unknown): Format | 'json' {
  if (given === undefined) return 'json';
  if (given === 'json' || given === 'vast' || given === 'vmap' || given === 'asset-list') return given;
  throw invalid('/format', 'must be json, vast, vmap or asset-list');
}

/** GET /api/v2/vast, /vmap and /asset-list: as POST /api/v2/ad-request, by parameters that players and stitchers can fill in. */
export function playerRoutes(app: FastifyInstance, parts: AdRequestParts): void {
  for (const dialect of ['vast', 'vmap', 'asset-list'] as const) {
    app.get(`/api/v2/${dialect}`, { exposeHeadRoute: false }, (request, reply) =>
      answerFormat(request, reply, fromQuery(request, dialect, parts), parts),
    );
  }
}

/** Decides and writes. Throws Problem 400 where the dialect cannot say what was asked for. */
export async function answerFormat(
  request: FastifyRequest,
  reply: FastifyReply,
  { dialect, body, warnings, places }: FormatAsked,
  parts: AdRequestParts,
): Promise<string> {
  if (dialect !== 'vmap' && body.breaks !== undefined) throw invalid('/breaks', `are told by vmap, not by ${dialect}`);
  const breaks = dialect === 'vmap' ? (places ?? placesOf(body)) : [];
  const base = parts.base();
  const version = versionOf(body.vast?.version, request.headers.accept);
  const notUsed = body.vast?.not_used === true;
  const admission = dialect === 'asset-list' ? hlsFiles : vastFiles(base, body.vast?.wrapper_depth ?? 0);
  // Version 2.0 has no sequence by which a spare could be told from an ad of the pod, an asset list no place for one.
  const backups = dialect !== 'asset-list' && atLeast(version, '3.0');
  const wanted = { dialect, admission, warnings, explain: null, backups } as const;
  // Where every break is decided later, nothing is now.
  const pods = body.breaks?.length === 0 ? [] : await decidePods(request, body, wanted, parts);
  // What an ad costs is between us and whoever showed who it is.
  const priced = pods.every(({ ask }) => ask.caller !== 'anonymous');
  const { type, text } = write(dialect, pods, { version, base, priced, notUsed }, breaks, parts);
  reply.header('cache-control', 'no-store').type(type);
  const unfilled = pods.flatMap(({ draft }) => draft.no_fill_reason ?? []);
  if (unfilled.length > 0) reply.header('breakwater-no-fill', unfilled.join(', '));
  return text;
}

function versionOf(named: string | undefined, accept: string | undefined): VastVersion {
  if (named === undefined) return versionIn(accept) ?? defaultVersion;
  const version = /^\d$/.test(named) ? `${named}.0` : named;
  if (isVastVersion(version)) return version;
  throw invalid('/vast/version', `must be one of ${vastVersions.join(', ')}`);
}

const checked = Compile(adRequestBody);

/** The body that the query says, checked like any other. Throws Problem 400. */
function fromQuery(request: FastifyRequest, dialect: Format, parts: AdRequestParts): FormatAsked {
  const { body: read, answer, unknown } = readQuery(request.query as Readonly<Record<string, unknown>>);
  if (unknown.length > 0) parts.metrics.unknownFields.inc(unknown.length);
  const vast = {
    ...(answer.version === undefined ? {} : { version: String(answer.version) }),
    ...(answer.not_used === undefined ? {} : { not_used: answer.not_used === true }),
    ...(answer.wrapper_depth === undefined ? {} : { wrapper_depth: answer.wrapper_depth as number }),
  };
  const isKept = (name: string) =>
    parts.cache.pod(name, parts.callers.withScope(request, 'ads:request').organisation) !== undefined;
  const whole = { ...withPod(read, answer.pod as string | undefined, isKept), vast };
  const list = dialect === 'vmap' ? breaksOf(whole, answer) : null;
  const body = list?.body ?? withDuration(whole);
  if (!checked.Check(body)) throw refused([...checked.Errors(body)]);
  if (list) return { dialect, warnings: [], ...later(list, request, body.vast?.version, parts) };
  return { dialect, body, warnings: [] };
}

/** `pod` names a kept pod. Digits that name none are Google's number of a pod in its stream, which says where it is and nothing of its rules. */
function withPod(body: AdRequestBody, told: string | undefined, isKept: (name: string) => boolean): AdRequestBody {
  if (told === undefined) return body;
  if (!/^\d+$/.test(told) || isKept(told)) return { ...body, pod: { ...body.pod, name: told } };
  // Theirs count from 1.
  return /^[1-9]\d{0,3}$/.test(told) ? { ...body, break: { index: Number(told) - 1, ...body.break } } : body;
}

/** Who asks for nothing in particular is given one ad. */
function withDuration(body: AdRequestBody): AdRequestBody {
  if (body.pod_duration !== undefined || body.pod?.name !== undefined) return body;
  return { ...body, pod_duration: limits.unaskedSeconds, max_ads: body.max_ads ?? 1 };
}

interface Breaks {
  readonly body: AdRequestBody & { readonly breaks: NonNullable<AdRequestBody['breaks']> };
  readonly places: readonly BreakPlace[];
}

/** One break for each place of the list; without a list one at the start. */
function breaksOf(
  { pod, pod_duration, min_ads, max_ads, break: _, ...shared }: AdRequestBody,
  answer: Readonly<Record<string, unknown>>,
): Breaks {
  const list = (answer.breaks as readonly string[] | undefined) ?? ['start'];
  if (list.length > limits.breaks) throw invalid('/breaks', `are at most ${limits.breaks}`);
  const content = (answer.content_duration as number | undefined) ?? null;
  const places = list.map((each) => readPlace(each, '/breaks', content));
  const rules = withDuration({
    ...(pod === undefined ? {} : { pod }),
    ...(pod_duration === undefined ? {} : { pod_duration }),
    ...(min_ads === undefined ? {} : { min_ads }),
    ...(max_ads === undefined ? {} : { max_ads }),
  });
  const breaks = places.map(({ seconds }, at) => ({
    id: `break-${at + 1}`,
    index: at,
    ...(seconds === null ? {} : { offset: seconds }),
    ...rules,
  }));
  return { body: { ...shared, breaks }, places };
}

/**
 * What is decided now would not be billed once its tokens have ended: a break that is over only then is told by the tag that decides
 * it, and asks with what this request said. Of a break whose place nobody knows, it is not known either.
 */
function later(
  { body, places }: Breaks,
  request: FastifyRequest,
  version: string | undefined,
  { config, base, uuid, cache, callers }: AdRequestParts,
): { readonly body: AdRequestBody; readonly places: readonly BreakTold[] } {
  const lastSeconds = (config.tokenLifeMs * config.playbackSpeed) / 1000;
  const named = versionOf(version, request.headers.accept);
  const session = body.session?.id ? null : { id: body.request_id ?? uuid() };
  const ofSession = session === null ? {} : { session_id: session.id };
  const { organisation } = callers.withScope(request, 'ads:request');
  const told = places.map(({ timeOffset, seconds }, at): BreakTold => {
    const id = `break-${at + 1}`;
    const { pod_duration, pod } = body.breaks[at] ?? {};
    const kept = pod?.name === undefined ? undefined : cache.pod(pod.name, organisation);
    const podSeconds = pod_duration ?? kept?.durationSeconds ?? limits.unaskedSeconds;
    if (seconds === null || seconds + (at + 1) * podSeconds <= lastSeconds) return { id, timeOffset, tag: null };
    const query = queryWith(
      request.query as Readonly<Record<string, unknown>>,
      [...ofStreams, ...Object.keys(ofSession)],
      {
        ...nameOf(body.request_id, id),
        ...ofSession,
        version: named,
        break_index: String(at),
        break_offset: String(seconds),
      },
    );
    return { id, timeOffset, tag: `${base()}/api/v2/vast?${query}` };
  });
  const breaks = body.breaks.filter((_, at) => told[at]?.tag === null);
  // The tags' pods are of the same stream as those of now.
  const stream = session === null || breaks.length === told.length ? {} : { session };
  return { body: { ...body, ...stream, breaks }, places: told };
}

/** The id of a break's own request; one that would be too long is left to us. */
function nameOf(requestId: string | undefined, breakId: string): Readonly<Record<string, string>> {
  const named = `${requestId}/${breakId}`;
  return requestId === undefined || named.length > limits.requestIdChars ? {} : { request_id: named };
}

/** Parameters that a single break has others of, or no use for. */
const ofStreams = ['breaks', 'content_duration', 'request_id', 'version', 'break_index', 'break_offset'];

function refused(errors: readonly { readonly instancePath: string; readonly message: string }[]): Problem {
  const wrong = errors.map(({ instancePath, message }) => ({ pointer: instancePath, detail: message }));
  const detail = wrong.map((each) => `${each.pointer} ${each.detail}`).join('; ');
  return new Problem(400, 'Invalid request', detail, wrong);
}
