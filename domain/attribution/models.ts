import type { Touch } from './path.ts';

export const modelNames = [
  'last_touch',
  'first_touch',
  'linear',
  'time_decay',
  'position_based',
  'data_driven',
] as const;

export type ModelName = (typeof modelNames)[number];

/** What a model may ask beside the path. */
export interface Facts {
  /** Of the conversion, epoch ms. */
  readonly at: number;
  /** time_decay: a touch this much older counts half. */
  readonly halfLifeMs: number;
  /** data_driven: what each campaign's absence would cost, from all paths; see markov.ts. */
  readonly effects: ReadonlyMap<string, number>;
}

/** How much each touch of a path, oldest first, counts. */
type Model = (path: readonly Touch[], facts: Facts) => readonly number[];

export const models: Readonly<Record<ModelName, Model>> = {
  last_touch: (path) => path.map((_, index) => (index === path.length - 1 ? 1 : 0)),
  first_touch: (path) => path.map((_, index) => (index === 0 ? 1 : 0)),
  linear: (path) => path.map(() => 1),
  time_decay: (path, { halfLifeMs }) => {
    // Ages count from the newest touch: only their differences matter, and old paths do not vanish.
    const newest = path.at(-1)?.at ?? 0;
    return path.map(({ at }) => 2 ** ((at - newest) / halfLifeMs));
  },
  // 40 % to each end and 20 % to all between; in whole weights. Two share alike.
  position_based: (path) => {
    const between = path.length - 2;
    if (between <= 0) return path.map(() => 1);
    return path.map((_, index) => (index === 0 || index === path.length - 1 ? 2 * between : 1));
  },
  // A campaign's effect is shared by its touches in the path.
  data_driven: (path, { effects }) => {
    const times = new Map<string, number>();
    for (const { campaign } of path) times.set(campaign, (times.get(campaign) ?? 0) + 1);
    return path.map(({ campaign }) => (effects.get(campaign) ?? 0) / (times.get(campaign) ?? 1));
  },
};
