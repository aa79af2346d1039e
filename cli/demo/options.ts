export interface DemoOptions {
  /** ms. */
  readonly for: number;
  readonly seed: number;
  readonly rate?: number;
  readonly keep?: string;
  readonly json?: boolean;
  readonly crash: number;
  readonly virtual?: boolean;
  /** On real servers instead of embedded engines. */
  readonly real?: boolean;
  readonly apis: number;
  readonly workers: number;
  readonly signals: 'on' | 'off';
}
