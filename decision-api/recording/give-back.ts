import type { FastifyRequest } from 'fastify';
import { encode } from '../../schemas/codec.ts';
import type { AdRequestParts, DecidedPod } from '../answer-request.ts';
import { readBeacon } from '../beacons/beacon.ts';
import { isAway } from '../http/deadline.ts';

/** Gives back what these pods hold, as if the caller had said `notUsed` of each ad. What was answered before is not theirs to give. */
export async function giveBack(
  pods: readonly DecidedPod[],
  request: FastifyRequest,
  parts: AdRequestParts,
): Promise<void> {
  const ads = pods.flatMap(({ draft, repeated }) => (repeated ? [] : [...draft.pod.ads, ...(draft.backups ?? [])]));
  if (ads.length === 0) return;
  const { tokens, journal, clock, uuid } = parts;
  const caller = parts.callers.ofRequest(request);
  const records = ads.flatMap((ad) => {
    const receipt = { arrivalId: uuid(), receivedAt: clock.now(), userAgentClass: 'unknown' as const, caller };
    const beacon = readBeacon({ event: 'notUsed', t: tokens.sign('notUsed', ad.facts) }, receipt, parts);
    if (!beacon) return [];
    const { partition, record } = beacon;
    return [{ partition, key: record.viewer, value: encode('ad-beacon', record) }];
  });
  if (records.length > 0) await journal.append('ad-beacons', records, 'beacons');
}

/** A refusal holds nothing: what was decided for the pods before it is given back. Throws the error. */
export async function refuse(
  error: unknown,
  before: readonly DecidedPod[],
  request: FastifyRequest,
  parts: AdRequestParts,
): Promise<never> {
  await giveBack(before, request, parts).catch((err: unknown) => {
    if (!isAway(err)) throw err;
    parts.logger.warn({ err }, 'what was decided before a refusal is held');
  });
  throw error;
}
