import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../../engines/http/problem.ts';
import { type AdRequestParts, type DecidedPod, decidePods } from '../answer-request.ts';
import type { KeptBy } from '../asking/ask.ts';
import { invalid } from '../asking/pod-rules.ts';
import { admissionFor, type Taken } from '../dialects/openrtb/admission.ts';
import { bidOf } from '../dialects/openrtb/bid.ts';
import { type PodWanted, podsOf, whyNot } from '../dialects/openrtb/pods.ts';
import { protocolFor } from '../dialects/openrtb/protocols.ts';
import { type BidRequest, bidRequest, withoutNulls } from '../dialects/openrtb/request.ts';
import { isAway, within } from '../http/deadline.ts';
import { limits } from '../limits.ts';
import type { NoFillReason } from '../reasons.ts';
import { hashBody } from '../recording/answers.ts';
import { giveBack, refuse } from '../recording/give-back.ts';

type NoBid = NoFillReason | NonNullable<ReturnType<typeof whyNot>> | 'protocols' | 'seat' | 'tmax';

const SEAT = 'breakwater';

interface Bidden {
  readonly bids: readonly object[];
  readonly reasons: readonly NoBid[];
}

/** POST /api/v2/openrtb: OpenRTB 2.6, a bid for each ad that the decision has for the request's pods; else 204 and why. */
export function openRtbRoute(app: FastifyInstance, parts: AdRequestParts): void {
  const lenient = async (request: FastifyRequest) => {
    request.body = withoutNulls(request.body);
  };
  const schema = { body: bidRequest };
  app.post<{ Body: BidRequest }>('/api/v2/openrtb', { schema, preValidation: lenient }, async (request, reply) => {
    const { body } = request;
    checkIds(body);
    reply.header('cache-control', 'no-store').header('x-openrtb-version', '2.6');
    const refusal = refusalOf(body, parts.base());
    const { bids, reasons } = refusal ? { bids: [], reasons: [refusal] } : await inTime(request, body, parts);
    if (bids.length === 0) {
      return reply
        .code(204)
        .header('breakwater-no-bid', [...new Set(reasons)].join(', '))
        .send();
    }
    reply.type('application/json; charset=utf-8');
    return JSON.stringify({ id: body.id, cur: 'USD', seatbid: [{ seat: SEAT, group: 0, bid: bids }] });
  });
}

/** Each impression is decided under the id of the request and its own, which nothing else may be called. Throws Problem 400. */
function checkIds({ id, imp }: BidRequest): void {
  if (!id.isWellFormed()) throw invalid('/id', 'is not well-formed Unicode');
  const ids = imp.map((each) => each.id);
  for (const [at, each] of ids.entries()) {
    if (!each.isWellFormed()) throw invalid(`/imp/${at}/id`, 'is not well-formed Unicode');
    if (ids.indexOf(each) < at) throw invalid(`/imp/${at}/id`, 'is the id of another impression of this request');
  }
}

/** Why nothing of the request can be bid for; null: something may. */
function refusalOf({ imp, cur, wseat, bseat }: BidRequest, base: string): NoBid | null {
  if (cur?.length && !cur.includes('USD')) return 'currency';
  if ((wseat?.length && !wseat.includes(SEAT)) || bseat?.includes(SEAT)) return 'seat';
  const reasons = imp.map((each) => whyNot(each, base));
  const [first = null] = reasons;
  if (!reasons.includes(null)) return first;
  const spoken = imp.some((each) => {
    const wanted = each.video?.protocols;
    return whyNot(each, base) === null && (protocolFor(wanted, false) ?? protocolFor(wanted, true));
  });
  return spoken ? null : 'protocols';
}

/** Bids within the exchange's time; what is decided too late is given back. */
async function inTime(request: FastifyRequest, body: BidRequest, parts: AdRequestParts): Promise<Bidden> {
  const held: DecidedPod[] = [];
  const work = bidAll(request, body, held, parts);
  if (!body.tmax) return work;
  const tmax = Math.min(body.tmax, limits.bidMs);
  const ms = Math.max(1, tmax - Math.min(limits.bidMarginMs, tmax / 4));
  try {
    return await within(parts.clock, ms, 'a bid', work);
  } catch (error) {
    if (!isAway(error) || error.code !== 'timeout') throw error;
    void work
      .then(() => release(body.id, held, request, parts))
      .catch((err: unknown) => parts.logger.warn({ err }, 'a late bid is held'));
    return { bids: [], reasons: ['tmax'] };
  }
}

/** One pod after the other: what the seller wants but once is known from those before. */
async function bidAll(
  request: FastifyRequest,
  body: BidRequest,
  held: DecidedPod[],
  parts: AdRequestParts,
): Promise<Bidden> {
  const bids: object[] = [];
  const reasons: NoBid[] = [];
  const base = parts.base();
  const taken = new Map<string, Taken[]>();
  const said = hashBody(body).toString('base64url');
  for (const pod of podsOf(body, new Date(parts.clock.now()).getUTCFullYear(), base)) {
    const inPod = taken.get(pod.podKey) ?? [];
    taken.set(pod.podKey, inPod);
    const admission = admissionFor(body, pod, inPod, base);
    const keptBy = keptOf(body, pod);
    const wanted = {
      dialect: 'openrtb',
      admission,
      warnings: [],
      explain: null,
      said,
      keptBy,
      ...holdOf(pod),
    } as const;
    const asked = { ...pod.body, request_id: `${body.id}/${pod.imp.id}` };
    const [decided] = await decidePods(request, asked, wanted, parts)
      .catch((error: unknown) => refuse(error, held, request, parts))
      .catch(byItsOwnId);
    if (!decided) continue;
    held.push(decided);
    if (decided.draft.no_fill_reason !== null) reasons.push(decided.draft.no_fill_reason);
    for (const ad of decided.draft.pod.ads) {
      const campaign = parts.cache.campaign(ad.campaign_id);
      if (campaign !== undefined && ad.shown) inPod.push({ campaign, creative: ad.shown.creative });
      const bid = bidOf(ad, decided.draft, pod, { tokens: parts.tokens, base, now: parts.clock.now() });
      if (bid) bids.push(bid);
    }
  }
  const again = held.find(({ repeated }) => repeated);
  if (again && !(await parts.fates.settle(bidRequestOf(body.id, again), 'told')))
    return { bids: [], reasons: ['tmax'] };
  return { bids, reasons };
}

/** An exchange knows the id under its own name. */
function byItsOwnId(error: unknown): never {
  if (!(error instanceof Problem) || error.status !== 409) throw error;
  throw new Problem(409, 'id already used', 'a bid request of this id came before with another body', [
    { pointer: '/id', detail: 'use a new one for another request' },
  ]);
}

/** No break of a player's is called nothing: an exchange's id is never taken for one of theirs. */
function keptOf({ id, imp }: BidRequest, { imp: { id: own } }: PodWanted): KeptBy {
  return { id: [id, ''], pod: imp.length > 1 ? own : null };
}

function holdOf({ imp }: PodWanted): { readonly holdMs?: number } {
  return imp.exp ? { holdMs: imp.exp * 1_000 } : {};
}

function bidRequestOf(requestId: string, { ask: { organisation } }: DecidedPod) {
  return { requestId, organisation };
}

/** As if the exchange had called each `lurl`. What was kept from before was told already, or is given back by whom it came too late for. */
async function release(
  bidRequestId: string,
  pods: readonly DecidedPod[],
  request: FastifyRequest,
  parts: AdRequestParts,
): Promise<void> {
  const first = pods.find(({ repeated }) => !repeated);
  if (!first || !(await parts.fates.settle(bidRequestOf(bidRequestId, first), 'given back'))) return;
  await giveBack(pods, request, parts);
}
