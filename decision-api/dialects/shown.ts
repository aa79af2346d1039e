import type { Creative } from '../../domain/creative.ts';
import type { Pricing } from '../../domain/money.ts';

/** What dialects say of an ad beside its tracking: the creative, and what its campaign adds. */
export interface Shown {
  readonly creative: Creative;
  readonly advertiserName: string;
  readonly pricing: Pricing;
  /** What one impression was expected to be worth, in micros. */
  readonly valueMicros: number;
  /** Epoch ms: its place is held until then. */
  readonly expiresAt: number;
}
