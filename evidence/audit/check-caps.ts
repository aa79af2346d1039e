import type { Identity, Run } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { groupBy, place, type Verdict } from './judge.ts';

export interface CapResult {
  readonly faults: readonly Fault[];
  readonly violations: number;
}

const isImpression = ({ beacon, billable }: Verdict) => billable && beacon.value.event === 'impression';
const identityKey = ({ scope, hash }: Identity) => `${scope}:${hash}`;

/** No span of a cap's window holds more billable impressions of one identity than the cap allows. */
export function checkCaps(run: Pick<Run, 'seed' | 'log' | 'calls'>, verdicts: readonly Verdict[]): CapResult {
  const billed = verdicts.filter(isImpression);
  const broken: string[] = [];
  const unnamed: string[] = [];
  for (const campaign of run.seed.values()) {
    const views = billed.filter(({ beacon }) => beacon.value.campaign === campaign.id);
    for (const cap of campaign.caps) {
      const counted = views.filter(
        ({ beacon }) =>
          (cap.creativeId === null || beacon.value.creative === cap.creativeId) &&
          beacon.appendedAt >= (cap.countsFrom ?? 0),
      );
      const byIdentity = groupBy(
        counted.flatMap(({ beacon }) => {
          const pod = { scope: 'pod', hash: beacon.value.request_id };
          if (cap.scope === 'pod') return [{ identity: pod, at: beacon.appendedAt }];
          const held = beacon.value.identities.filter(({ scope }) => scope === cap.scope);
          if (held.length === 0) unnamed.push(`${place(beacon)} of ${campaign.id}: no ${cap.scope}`);
          return held.map((identity) => ({ identity, at: beacon.appendedAt }));
        }),
        ({ identity }) => identityKey(identity),
      );
      for (const [identity, seen] of byIdentity) {
        const most = mostInSpan(
          seen.map(({ at }) => at),
          windowMs(cap),
        );
        if (most > cap.max)
          broken.push(
            `${campaign.id} (${campaign.name}) ${identity}: ${most} in ${cap.windowSeconds ?? 'all'} s, cap ${cap.max}`,
          );
      }
    }
  }
  return {
    faults: [
      ...fault('cap_exceeded', 'more billable impressions in a window than the cap', broken),
      ...fault(
        'cap_identity_missing',
        'a capped campaign was billed without the identity that its cap counts',
        unnamed,
      ),
      ...checkPseudonyms(run),
    ],
    violations: broken.length,
  };
}

/** A cap without a window counts for ever. */
function windowMs({ windowSeconds }: { readonly windowSeconds: number | null }): number {
  return windowSeconds === null ? Number.POSITIVE_INFINITY : windowSeconds * 1000;
}

/** The largest number of times in any span (t − window, t]. */
export function mostInSpan(times: readonly number[], windowMs: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  let most = 0;
  let from = 0;
  for (let to = 0; to < sorted.length; to++) {
    while ((sorted[from] ?? 0) <= (sorted[to] ?? 0) - windowMs) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

/** One person, one pseudonym, both ways: else a cap would count two as one or one as two. */
function checkPseudonyms({ log, calls }: Pick<Run, 'log' | 'calls'>): Fault[] {
  const records = new Map(log.requests.map(({ value }) => [value.request_id, value]));
  const pairs = new Map<string, string>();
  const torn: string[] = [];
  const note = (left: string, right: string, id: string) => {
    const known = pairs.get(left);
    if (known !== undefined && known !== right) torn.push(`${left} in ${id}`);
    pairs.set(left, right);
  };
  for (const call of calls) {
    const record = records.get(call.answer?.request_id ?? '');
    if (!record) continue;
    for (const [scope, sent] of [
      ['user', call.userId],
      ['household', call.householdId],
    ] as const) {
      const hash = record.identities.find((identity) => identity.scope === scope)?.hash;
      if (sent === null || hash === undefined) continue;
      note(`${scope} ${sent}`, hash, record.request_id);
      note(`${scope} hash ${hash}`, sent, record.request_id);
    }
  }
  return fault('identity_confused', 'a viewer has two pseudonyms, or two viewers share one', torn);
}

/** The windows in the state store: every confirmed view is billed in the log, every billed view that still counts is confirmed. */
export function checkWindows(run: Pick<Run, 'seed' | 'log' | 'state'>, verdicts: readonly Verdict[]): Fault[] {
  const billed = new Map(
    verdicts.filter(isImpression).map((verdict) => [verdict.beacon.value.reservation, verdict.beacon]),
  );
  const phantom: string[] = [];
  const confirmed = new Set<string>();
  for (const record of run.state.frequency) {
    for (const entry of record.entries) {
      if (entry.state !== 'CONFIRMED') continue;
      const id = `${identityKey(record)} ${entry.reservation}`;
      if (confirmed.has(id)) phantom.push(`${id} twice`);
      confirmed.add(id);
      const beacon = billed.get(entry.reservation);
      const same =
        beacon?.value.campaign === entry.campaign &&
        beacon.value.creative === entry.creative &&
        beacon.appendedAt === entry.at &&
        beacon.value.identities.some((identity) => identityKey(identity) === identityKey(record));
      if (!same) phantom.push(id);
    }
  }
  const end = Math.max(0, ...run.log.partitions.map(({ times }) => times.at(-1) ?? 0));
  const absent: string[] = [];
  for (const beacon of billed.values()) {
    const caps = run.seed.get(beacon.value.campaign)?.caps ?? [];
    for (const identity of beacon.value.identities) {
      const longest = Math.max(0, ...caps.filter(({ scope }) => scope === identity.scope).map(windowMs));
      const counts = beacon.appendedAt > end - longest;
      if (counts && !confirmed.has(`${identityKey(identity)} ${beacon.value.reservation}`)) {
        absent.push(`${identityKey(identity)} ${beacon.value.reservation}`);
      }
    }
  }
  return [
    ...fault('window_phantom', 'confirmed in a frequency window, and not so billed in the log', phantom),
    ...fault('window_missing', 'billed in the log, still inside its window, and not confirmed there', absent),
  ];
}
