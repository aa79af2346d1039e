/** One figure against what it has to be. */
export interface Row {
  readonly measured: number;
  /** Null: told, not judged. */
  readonly floor: number | null;
  readonly aim: number | null;
  readonly ok: boolean;
  /** How it was come by. */
  readonly detail: string;
}

export type Rows = Readonly<Record<string, Row>>;

export interface BenchOptions {
  readonly say: (line: string) => void;
  /** How long scenarios are played, and by which k6; null: by this program. */
  readonly forMs: number;
  readonly k6: string | null;
}

export function atLeast(measured: number, floor: number, aim: number, detail: string): Row {
  return { measured: rounded(measured), floor, aim, ok: measured >= floor, detail };
}

export function atMost(measured: number, floor: number, aim: number, detail: string): Row {
  return { measured: rounded(measured), floor, aim, ok: measured <= floor, detail };
}

export function told(measured: number, detail: string): Row {
  return { measured: rounded(measured), floor: null, aim: null, ok: true, detail };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

export const range = (ratios: readonly number[]): string =>
  `${ratios.length} rounds, ${rounded(ratios[0] ?? Number.NaN)} to ${rounded(ratios.at(-1) ?? Number.NaN)}`;

export const micros = (value: number | undefined): string => `${rounded(value ?? Number.NaN)} µs`;
