/** An ad that a viewer saw or clicked. */
export interface Touch {
  /** Epoch ms. */
  readonly at: number;
  readonly kind: 'view' | 'click';
  readonly campaign: string;
  readonly creative: string;
  /** The ad's place: tells touches of one instant apart. */
  readonly reservation: string;
}

/** How long before a conversion a touch counts, in ms; a click usually longer than a view. */
export interface Windows {
  readonly clickMs: number;
  readonly viewMs: number;
}

export const windowDays = [1, 7, 14, 30] as const;

/**
 * The touches that a conversion at `at` may owe itself to, the oldest first: not after it, and inside the window of their
 * kind, its far end included. Touches of one instant stand in the order of (kind, reservation), views before clicks.
 */
export function pathOf(touches: readonly Touch[], at: number, { clickMs, viewMs }: Windows): readonly Touch[] {
  return touches
    .filter((touch) => touch.at <= at && touch.at >= at - (touch.kind === 'click' ? clickMs : viewMs))
    .sort((a, b) => a.at - b.at || order(a, b));
}

function order(a: Touch, b: Touch): number {
  if (a.kind !== b.kind) return a.kind === 'view' ? -1 : 1;
  return a.reservation < b.reservation ? -1 : a.reservation > b.reservation ? 1 : 0;
}
