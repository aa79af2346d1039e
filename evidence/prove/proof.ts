export interface ProofOptions {
  /** A finished run; null: the proof makes one. */
  readonly dir: string | null;
  /** Only the fault of this name. */
  readonly only: string | null;
  /** As for the audit. */
  readonly allowNo: readonly string[];
  readonly deadLettersExpected: number;
  /** Cases of each property. */
  readonly runs: number;
  /** Of the proof with processes: how much is decided, how much at once over all of them, and how many they are. */
  readonly decisions: number;
  readonly concurrency: number;
  readonly processes: number;
  /** Of the proof of dialects: decisions, hostile strings, and a folder of VAST schemas (null: none). */
  readonly cases: number;
  readonly hostile: number;
  readonly xsd: string | null;
  /** Of the proof of fill: over all catalogs together. */
  readonly pods: number;
  /** Of the proof of beacons: bad tracking URLs, and as many good ones. */
  readonly urls: number;
  readonly say: (line: string) => void;
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

export interface Proof {
  readonly name: string;
  readonly about: string;
  readonly run: (options: ProofOptions) => Promise<Tally>;
}
