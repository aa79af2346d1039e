/** Weights are read to this many binary places of the largest; below that a share would be under a micro anyway. */
const PLACES = 2 ** 40;

/**
 * Divides a whole number in proportion to weights so that the parts add up to it exactly: each gets its share rounded
 * down, and what is left goes, one each, to the largest remainders, the earlier first where they are equal. A negative
 * number (a conversion taken back) is divided as its opposite. Weights that are all zero count alike.
 */
export function split(total: number, weights: readonly number[]): readonly number[] {
  if (weights.length === 0) return [];
  if (total < 0) return split(-total, weights).map((part) => (part === 0 ? 0 : -part));
  const whole = wholeWeights(weights);
  const sum = whole.reduce((all, weight) => all + weight, 0n);
  const shares = whole.map((weight, index) => {
    const product = BigInt(total) * weight;
    return { index, part: product / sum, rest: product % sum };
  });
  let left = Number(BigInt(total) - shares.reduce((all, { part }) => all + part, 0n));
  const parts = shares.map(({ part }) => Number(part));
  for (const { index } of shares.toSorted((a, b) =>
    a.rest === b.rest ? a.index - b.index : a.rest < b.rest ? 1 : -1,
  )) {
    if (left === 0) break;
    parts[index] = (parts[index] ?? 0) + 1;
    left--;
  }
  return parts;
}

/** Whole weights stay as they are, so that thirds are thirds; others are scaled. */
function wholeWeights(weights: readonly number[]): readonly bigint[] {
  const most = Math.max(...weights);
  if (!(most > 0)) return weights.map(() => 1n);
  if (weights.every(Number.isSafeInteger)) return weights.map(BigInt);
  return weights.map((weight) => BigInt(Math.round((weight / most) * PLACES)));
}
