import type { Objective, PodConfig, SeparationScope } from '../../domain/campaign.ts';
import type { PodRules } from '../../domain/pods/pod.ts';
import { Problem } from '../../engines/http/problem.ts';
import { limits } from '../limits.ts';
import type { AdRequestBody } from '../routes/ad-request-schema.ts';

export type PodNamed = (nameOrId: string) => PodConfig | undefined;

/** The part of a body that asks for one pod. */
export type PodAsked = Pick<AdRequestBody, 'pod' | 'pod_duration' | 'min_ads' | 'max_ads'>;

const unnamed = {
  id: null,
  minAds: 1,
  maxAds: 6,
  competitiveSeparation: true,
  minSeparationSeconds: null,
  separationScope: 'pod' as SeparationScope,
  allowDuplicateAdvertisers: false,
  objective: 'revenue' as Objective,
  exactDuration: false,
  allowedDurations: null,
  backupAds: 0,
};

/**
 * The rules of a pod: of the kept one that is named, with what the request says over them. `at`: the pointer of what asks. Throws
 * Problem 422 where no pod has the name, 400 where the rules contradict each other.
 */
export function rulesOf(
  asked: PodAsked,
  at: string,
  podNamed: PodNamed,
): { readonly rules: PodRules; readonly podId: string | null } {
  const { pod } = asked;
  const named = configured(pod, at, podNamed);
  const base = { ...unnamed, ...named };
  const durationSeconds = asked.pod_duration ?? pod?.duration_seconds ?? named?.durationSeconds;
  if (durationSeconds === undefined) {
    throw invalid(`${at}/pod_duration`, 'is needed: whole seconds from 1 to 3600, or a pod');
  }
  const maxAds = Math.min(30, asked.max_ads ?? pod?.max_ads ?? base.maxAds);
  const least = asked.min_ads ?? pod?.min_ads;
  if (least !== undefined && least > maxAds) {
    const pointer = asked.min_ads === undefined ? `${at}/pod/min_ads` : `${at}/min_ads`;
    throw invalid(pointer, `must not be more than max_ads, ${maxAds}`);
  }
  const gap = pod?.min_separation_seconds;
  const allowed = pod?.allowed_durations;
  const wrong = allowed?.findIndex((seconds) => seconds > durationSeconds) ?? -1;
  if (wrong >= 0) throw invalid(`${at}/pod/allowed_durations/${wrong}`, `is longer than the pod, ${durationSeconds} s`);
  const rules = {
    durationSeconds,
    exactDuration: pod?.exact_duration ?? base.exactDuration,
    allowedDurations: allowed === undefined ? base.allowedDurations : allowed,
    minAds: Math.min(least ?? base.minAds, maxAds),
    maxAds,
    objective: pod?.objective ?? base.objective,
    separation: pod?.enable_competitive_separation ?? base.competitiveSeparation,
    minSeparationSeconds: gap === undefined ? base.minSeparationSeconds : gap,
    separationScope: pod?.separation_scope ?? base.separationScope,
    allowDuplicateAdvertisers: pod?.allow_duplicate_advertisers ?? base.allowDuplicateAdvertisers,
    backupAds: pod?.backup_ads ?? base.backupAds,
    nodeLimit: limits.nodeLimit,
  };
  return { rules, podId: named?.id ?? null };
}

function configured(pod: PodAsked['pod'], at: string, podNamed: PodNamed): PodConfig | undefined {
  const name = pod?.id ?? pod?.name;
  if (name === undefined) return undefined;
  const found = podNamed(name);
  if (found) return found;
  const pointer = pod?.id === undefined ? `${at}/pod/name` : `${at}/pod/id`;
  const detail = 'there is no pod of this name';
  throw new Problem(422, 'Unknown pod', `${pointer} ${detail}`, [{ pointer, detail }]);
}

export function invalid(pointer: string, detail: string): Problem {
  return new Problem(400, 'Invalid ad request', `${pointer} ${detail}`, [{ pointer, detail }]);
}
