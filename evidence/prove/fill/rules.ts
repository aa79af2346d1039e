import type { RequestFact } from '../../audit/facts.ts';

/** What of a request's record only this proof reads. */
export type FullRequest = RequestFact & {
  readonly objective: string;
  readonly exact_duration: boolean;
  readonly allowed_durations: readonly number[];
};

/** A body as it was sent, in JSON. */
interface Sent {
  readonly request_id: string;
  readonly pod_duration?: number;
  readonly min_ads?: number;
  readonly max_ads?: number;
  readonly pod?: Readonly<Record<string, unknown>>;
  readonly break?: { readonly index?: number; readonly offset_seconds?: number };
}

/** The rules that a record must hold, from what was sent and the defaults that the API's page promises. */
function rulesOf({ pod = {}, ...body }: Sent): Readonly<Record<string, unknown>> {
  return {
    requested_seconds: body.pod_duration ?? pod.duration_seconds,
    min_ads: body.min_ads ?? pod.min_ads ?? 1,
    max_ads: body.max_ads ?? pod.max_ads ?? 6,
    objective: pod.objective ?? 'revenue',
    separation: pod.enable_competitive_separation ?? true,
    min_separation_seconds: pod.min_separation_seconds ?? null,
    separation_scope: pod.separation_scope ?? 'pod',
    allow_duplicate_advertisers: pod.allow_duplicate_advertisers ?? false,
    exact_duration: pod.exact_duration ?? false,
    allowed_durations: pod.allowed_durations ?? [],
    break_index: body.break?.index ?? null,
    break_offset_ms: body.break?.offset_seconds === undefined ? null : 1000 * body.break.offset_seconds,
  };
}

/** What the record of each sent body says else than the body: nothing, if the audit of pods judges what was asked for. */
export function wrongRules(sent: readonly string[], requests: readonly FullRequest[]): readonly string[] {
  const recorded = new Map(requests.map((request) => [request.request_id, request]));
  return sent.flatMap((text) => {
    const body = JSON.parse(text) as Sent;
    const found = recorded.get(body.request_id) as unknown as Readonly<Record<string, unknown>> | undefined;
    if (found === undefined) return [`${body.request_id} has no record`];
    return Object.entries(rulesOf(body))
      .filter(([field, wanted]) => JSON.stringify(found[field]) !== JSON.stringify(wanted))
      .map(([field, wanted]) => `${body.request_id}: ${field} is ${found[field]}, asked for was ${wanted}`);
  });
}
