/** Collects what many callers bring and hands it on together. */
export interface Gatherer<Item> {
  /** Resolves once a flush that held `item` has succeeded; rejects with what that flush rejected with. */
  add(item: Item): Promise<void>;
}

export interface GathererOptions<Item> {
  /** Waits for more company; called once per flush, and never while nothing waits, or enough for a flush. */
  readonly wait: () => Promise<void>;
  readonly flush: (items: readonly Item[]) => Promise<void>;
  /** A flush takes items, in the order of their coming, until their weights reach this. */
  readonly maxWeight: number;
  readonly weightOf: (item: Item) => number;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** One flush at a time. Costs nothing while idle. */
export function gatherer<Item>(options: GathererOptions<Item>): Gatherer<Item> {
  let waiting: Waiting<Item>[] = [];
  let running = false;

  function take(): Waiting<Item>[] {
    let weight = 0;
    let count = 0;
    for (const { item } of waiting) {
      if (count > 0 && weight >= options.maxWeight) break;
      weight += options.weightOf(item);
      count++;
    }
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return taken;
  }

  function weight(): number {
    return waiting.reduce((sum, { item }) => sum + options.weightOf(item), 0);
  }

  async function flushTaken(): Promise<void> {
    const taken = take();
    try {
      await options.flush(taken.map(({ item }) => item));
      for (const { resolve } of taken) resolve();
    } catch (error) {
      for (const { reject } of taken) reject(error);
    }
  }

  async function run(): Promise<void> {
    running = true;
    try {
      while (waiting.length > 0) {
        if (weight() < options.maxWeight) await options.wait();
        await flushTaken();
      }
    } catch (error) {
      for (const { reject } of waiting.splice(0)) reject(error);
    } finally {
      running = false;
    }
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        if (!running) void run();
      }),
  };
}
