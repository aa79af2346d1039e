/** A fault of one line. `tests`: the folders or files of domain/ whose tests have to notice it. */
export interface Mutant {
  readonly what: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly tests: readonly string[];
}

export const mutant = (what: string, file: string, from: string, to: string, tests: readonly string[]): Mutant => ({
  what,
  file,
  from,
  to,
  tests,
});
