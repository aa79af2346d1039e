import type { FrequencyCap } from '../../../domain/campaign.ts';

/** What one process is told, in its argument. */
export interface Orders {
  readonly folder: string;
  readonly redisUrl: string;
  readonly seed: number;
  /** Decisions under way at once. */
  readonly concurrency: number;
}

/** What a process says of itself, four times a second. Counts since it was started. */
export interface Progress {
  readonly decisions: number;
  readonly served: number;
  /** By what was read, and by the swap. */
  readonly refusedAtSight: number;
  readonly refusedAtSwap: number;
  readonly contended: number;
  /** Decisions that the store did not answer. */
  readonly unanswered: number;
}

export const partitions = 8;
export const tokenLifeMs = 2_000;

export interface PlannedCampaign {
  readonly id: string;
  readonly name: string;
  readonly creatives: readonly [string, string];
  readonly caps: readonly FrequencyCap[];
}

const id = (kind: number, n: number) => `${kind}0000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** Short windows, so that they roll many times in a run. */
const sets: readonly (readonly [scope: FrequencyCap['scope'], seconds: number | null, max: number, own?: boolean][])[] =
  [
    [
      ['user', 3, 1],
      ['user', 20, 3],
    ],
    [['household', 5, 2]],
    [
      ['device', 4, 1],
      ['user', null, 12],
    ],
    [
      ['user', 6, 1, true],
      ['user', 30, 3],
      ['household', 60, 8],
    ],
    [['ip', 2, 6]],
    [
      ['ip', 60, 40],
      ['device', 10, 2],
      ['user', 7, 1],
    ],
  ];

/** Six campaigns of two creatives; few viewers, so that every record is hot. */
export const campaigns: readonly PlannedCampaign[] = sets.map((set, n) => {
  const creatives = [id(2, 2 * n), id(2, 2 * n + 1)] as const;
  return {
    id: id(1, n),
    name: `campaign ${n}`,
    creatives,
    caps: set.flatMap(([scope, windowSeconds, max, own]) =>
      (own ? creatives : [null]).map((creativeId) => ({ scope, creativeId, windowSeconds, max })),
    ),
  };
});

export const people = { users: 240, households: 80, devices: 160, ips: 12 } as const;
