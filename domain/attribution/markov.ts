/** A way through campaigns, and how often it was gone: to conversions, and to nothing. */
export interface Journey {
  readonly campaigns: readonly string[];
  readonly converted: number;
  readonly lost: number;
}

/**
 * How often viewers whose ways led to nothing went on from one campaign to the next. `from` null: they began there; `to` null: they
 * went no further. A chain of first order knows of a way no more than its steps.
 */
export interface Step {
  readonly from: string | null;
  readonly to: string | null;
  readonly times: number;
}

/**
 * The removal effect of each campaign: which share of conversions would be lost if every way that leads through it ended
 * there, in a Markov chain of first order over the journeys (Anderl et al., "Mapping the customer journey", 2016).
 *
 * With N = (I − Q)⁻¹ of the chain's transient states, a walk from the start ever reaches k with (sN)_k / N_kk, and
 * converts from there with (Nc)_k; the product, over the chance to convert at all, is the effect. Exact, in O(n³).
 */
export function removalEffects(journeys: readonly Journey[], lost: readonly Step[] = []): ReadonlyMap<string, number> {
  const names = [...campaignsOf(journeys, lost)].sort();
  const index = new Map(names.map((name, at) => [name, at]));
  const { starts, moves, converts } = chainOf(journeys, lost, index);
  const inverse = invert(moves.map((row, i) => row.map((chance, j) => (i === j ? 1 : 0) - chance)));
  const reached = names.map((_, k) => sum(names, (i) => (starts[i] ?? 0) * (inverse[i]?.[k] ?? 0)));
  const from = names.map((_, k) => sum(names, (j) => (inverse[k]?.[j] ?? 0) * (converts[j] ?? 0)));
  const all = sum(names, (i) => (starts[i] ?? 0) * (from[i] ?? 0));
  return new Map(
    names.map((name, k) => {
      const hit = (reached[k] ?? 0) / (inverse[k]?.[k] ?? 1);
      return [name, all <= 0 ? 0 : Math.min(1, Math.max(0, (hit * (from[k] ?? 0)) / all))];
    }),
  );
}

/** All that the chain has a state for. */
export function campaignsOf(journeys: readonly Pick<Journey, 'campaigns'>[], lost: readonly Step[]): Set<string> {
  const names = new Set(lost.flatMap(({ from, to }) => [from, to]).filter((name) => name !== null));
  for (const { campaigns } of journeys) for (const name of campaigns) names.add(name);
  return names;
}

/** Chances of the chain: where it starts, where it goes from each campaign, and how it converts. */
function chainOf(journeys: readonly Journey[], lost: readonly Step[], index: ReadonlyMap<string, number>) {
  const n = index.size;
  const starts = new Array<number>(n).fill(0);
  const moves = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const converts = new Array<number>(n).fill(0);
  const leaving = new Array<number>(n).fill(0);
  let begun = 0;
  const add = (list: number[] | undefined, at: number, more: number) => {
    if (list) list[at] = (list[at] ?? 0) + more;
  };
  for (const { campaigns, converted, lost } of journeys) {
    const times = converted + lost;
    const states = campaigns.map((name) => index.get(name) ?? 0);
    begun += times;
    states.forEach((state, place) => {
      if (place === 0) add(starts, state, times);
      const next = states[place + 1];
      if (next === undefined) add(converts, state, converted);
      else add(moves[state], next, times);
      add(leaving, state, times);
    });
  }
  for (const { from, to, times } of lost) {
    const [state, next] = [index.get(from ?? ''), index.get(to ?? '')];
    if (state === undefined) begun += times;
    else add(leaving, state, times);
    if (next === undefined) continue;
    if (state === undefined) add(starts, next, times);
    else add(moves[state], next, times);
  }
  const share = (count: number, of: number) => (of === 0 ? 0 : count / of);
  return {
    starts: starts.map((count) => share(count, begun)),
    moves: moves.map((row, state) => row.map((count) => share(count, leaving[state] ?? 0))),
    converts: converts.map((count, state) => share(count, leaving[state] ?? 0)),
  };
}

/** Gauss and Jordan with partial pivots. The matrix of an absorbing chain has an inverse. */
function invert(matrix: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let column = 0; column < n; column++) {
    let best = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[best]?.[column] ?? 0)) best = row;
    }
    const pivot = rows[best] ?? [];
    rows[best] = rows[column] ?? [];
    rows[column] = pivot;
    const lead = pivot[column] ?? 1;
    for (let at = column; at < 2 * n; at++) pivot[at] = (pivot[at] ?? 0) / lead;
    for (let row = 0; row < n; row++) {
      const other = rows[row];
      const factor = other?.[column] ?? 0;
      if (row === column || factor === 0 || other === undefined) continue;
      for (let at = column; at < 2 * n; at++) other[at] = (other[at] ?? 0) - factor * (pivot[at] ?? 0);
    }
  }
  return rows.map((row) => row.slice(n));
}

function sum(over: readonly unknown[], of: (index: number) => number): number {
  return over.reduce<number>((total, _, index) => total + of(index), 0);
}
