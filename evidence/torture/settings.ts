/** What a torture run is set to, and prints: short lives, so that every deadline is met within the run. Times in ms. */
export const settings = {
  session_timeout_ms: 6_000,
  token_life_ms: 5_000,
  log_clock_margin_ms: 1_000,
  tick_after_ms: 1_000,
  decision_apis: 2,
} as const;
