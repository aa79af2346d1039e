import type { Tier } from '../../domain/campaign.ts';
import type { Creative, Place } from '../../domain/creative.ts';
import type { Pricing } from '../../domain/money.ts';

/** What dialects say of an ad beside its tracking: the creative, and what its campaign adds, as they were when it was decided. */
export interface Shown {
  readonly creative: Creative;
  readonly advertiserName: string;
  readonly tier: Tier;
  readonly pricing: Pricing;
  /** The only place in which it may stand; null: any. */
  readonly place: Place | null;
  /** What one impression was expected to be worth, in micros. */
  readonly valueMicros: number;
  /** Epoch ms: its place is held until then. */
  readonly expiresAt: number;
}
