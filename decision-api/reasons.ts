/** Why a campaign, or one of its creatives, is not in the pod. Metric labels, explain and the log all speak in these words. */
export type Reason =
  // match
  | 'feature_off'
  | 'targeting'
  | 'no_creative'
  | 'too_long'
  | 'length_not_allowed'
  // match: the dialect, or its caller, has no use for it
  | 'not_playable'
  | 'too_many_wrappers'
  | 'wrapper_loop'
  | 'blocked_by_seller'
  | 'duplicate'
  // pace
  | 'not_active'
  | 'not_started'
  | 'ended'
  | 'store_unavailable'
  | 'store_catching_up'
  | 'catalog_stale'
  | 'journal_full'
  | 'no_identity'
  | 'cap_reached'
  // pace and reserve: a competitor is near in another pod of the stream
  | 'separated'
  | 'minute_closed'
  | 'budget_reached'
  | 'daily_budget_reached'
  | 'goal_reached'
  // rotate: another creative of its campaign, of its length and place, was drawn
  | 'rotated'
  // score
  | 'shadow_price'
  | 'below_floor'
  // solve
  | 'lost'
  // reserve
  | 'contended'
  | 'out_of_rounds'
  // after all: the decision could not be written down
  | 'log_unavailable';

/** What became of a candidate. */
export type Outcome = Reason | 'won' | 'backup';

/**
 * What a campaign came to by what its creatives did that were scored, in their order: it has a slot if one of them has, else what
 * the first came to. Undefined: none was scored.
 */
export function outcomeOfAll<O extends string>(outcomes: readonly O[]): O | undefined {
  for (const best of ['won', 'backup']) {
    const found = outcomes.find((each) => each === best);
    if (found !== undefined) return found;
  }
  return outcomes[0];
}

/** Why a pod is empty. */
export type NoFillReason =
  | 'no_campaigns'
  | 'no_eligible_campaigns'
  | 'no_pod_fits'
  | 'store_unavailable'
  | 'store_catching_up'
  | 'log_unavailable';

/** Reasons that come from the campaign's money. */
export const moneyReasons: ReadonlySet<Outcome> = new Set<Outcome>([
  'minute_closed',
  'budget_reached',
  'daily_budget_reached',
  'goal_reached',
]);
