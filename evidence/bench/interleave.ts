/** One way to do a thing. `cpuMicros` does it so many times and answers the CPU that it took, in microseconds. */
export interface Contestant {
  readonly name: string;
  readonly cpuMicros: (times: number) => Promise<number>;
}

export interface Comparison {
  /** Median over the rounds of the first's CPU for one operation ÷ the other's. */
  readonly ratio: number;
  /** The ratios of all rounds, ascending. */
  readonly ratios: readonly number[];
  /** Median CPU for one operation, in microseconds, by contestant. */
  readonly micros: Readonly<Record<string, number>>;
}

/** Measures the CPU of this process, all of its threads. */
export function here(name: string, run: (turn: number) => unknown): Contestant {
  let turn = 0;
  return {
    name,
    async cpuMicros(times) {
      const began = process.cpuUsage();
      for (let at = 0; at < times; at++) run(turn++);
      const { user, system } = process.cpuUsage(began);
      return user + system;
    },
  };
}

/**
 * Two contestants in alternating blocks, so that a noisy machine is as noisy for both; blocks of about `blockMs` each. The ratio is
 * taken round by round, each round begins with the other one.
 */
export async function compare(
  first: Contestant,
  second: Contestant,
  { rounds, blockMs }: { readonly rounds: number; readonly blockMs: number },
): Promise<Comparison> {
  const blocks = [await calibrated(first, blockMs), await calibrated(second, blockMs)] as const;
  const samples: { readonly first: number; readonly second: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      const one = await blocks[0]();
      samples.push({ first: one, second: await blocks[1]() });
    } else {
      const two = await blocks[1]();
      samples.push({ first: await blocks[0](), second: two });
    }
  }
  const ratios = samples.map((sample) => sample.first / sample.second).sort((a, b) => a - b);
  return {
    ratio: median(ratios),
    ratios,
    micros: {
      [first.name]: median(samples.map((sample) => sample.first)),
      [second.name]: median(samples.map((sample) => sample.second)),
    },
  };
}

/** A block of enough operations, after some for the compiler. Answers CPU microseconds for one operation. */
async function calibrated(contestant: Contestant, blockMs: number): Promise<() => Promise<number>> {
  let times = 1;
  let took = await contestant.cpuMicros(times);
  while (took < (blockMs * 1_000) / 2 && times < 1_000_000) {
    times = Math.ceil(times * Math.min(10, Math.max(1.5, (blockMs * 1_000) / Math.max(1, took))));
    took = await contestant.cpuMicros(times);
  }
  return async () => (await contestant.cpuMicros(times)) / times;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >>> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
