/** Draws that follow from a seed. */
export interface Draws {
  /** Uniform in [0, 1). */
  unit(): number;
  between(low: number, high: number): number;
  normal(): number;
  poisson(mean: number): number;
  pick<T>(from: readonly T[]): T;
  /** An index; `cumulated` holds the running sums of the weights. */
  weighted(cumulated: Float64Array): number;
}

/** Mulberry32: 32 bits of state are plenty for a run of some hundred thousand draws. */
export function draws(seed: number): Draws {
  let state = (seed * 2_654_435_761) >>> 0;
  const unit = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit());
  return {
    unit,
    normal,
    between: (low, high) => low + (high - low) * unit(),
    poisson(mean) {
      if (mean > 200) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
      const limit = Math.exp(-mean);
      let [count, product] = [0, unit()];
      while (product > limit) {
        count++;
        product *= unit();
      }
      return count;
    },
    pick<T>(from: readonly T[]): T {
      return from[Math.floor(unit() * from.length)] as T;
    },
    weighted(cumulated) {
      const aim = unit() * (cumulated.at(-1) ?? 0);
      let [low, high] = [0, cumulated.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((cumulated[middle] ?? 0) < aim) low = middle + 1;
        else high = middle;
      }
      return low;
    },
  };
}
