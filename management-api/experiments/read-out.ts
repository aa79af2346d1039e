import { type Experiment, recordedName } from '../../domain/experiment.ts';
import { compare, type Moments, sampleRatioP, viewersAtLeast } from '../../domain/experiments/comparison.ts';
import { type Decided, decided, experimentMeasures, type Guarded, guarded } from '../../domain/experiments/verdict.ts';
import type { ManagementParts } from '../parts.ts';
import { rowsOf } from '../warehouse.ts';

export interface ReadArm {
  readonly name: string;
  readonly weight: number;
  readonly viewers: number;
  readonly requests: number;
  readonly ads: number;
  readonly impressions: number;
  readonly spend_micros: number;
}

export interface ReadComparison {
  readonly arm: string;
  readonly measure: string;
  readonly control: number | null;
  readonly treated: number | null;
  readonly difference: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly lift: number | null;
  readonly decided: Decided;
  /** Null: the measure is no guard rail. */
  readonly guard_rail: Guarded | null;
}

export interface ReadOut {
  readonly name: string;
  readonly status: Experiment['status'];
  /** ISO 8601: since when the arms are what they are. Requests from before count nowhere. */
  readonly arms_since: string;
  readonly arms: readonly ReadArm[];
  /** Null: fewer than two arms have a weight. */
  readonly sample_ratio_p: number | null;
  readonly sample_ratio_ok: boolean;
  readonly comparisons: readonly ReadComparison[];
  readonly notes: readonly string[];
}

const sampleRatioLimit = 0.001;

type MomentRow = Record<
  | 'arm'
  | 'measure'
  | 'viewers'
  | 'numerator'
  | 'denominator'
  | 'numerator_squares'
  | 'denominator_squares'
  | 'products',
  string
>;

/**
 * Reads an experiment out: each arm against the first, by every measure, with intervals that hold whenever one looks. `armsSince`: epoch ms;
 * who was drawn into other arms, or treated otherwise in one of the same name, says nothing of these.
 */
export async function readOut(
  experiment: Experiment,
  armsSince: number,
  parts: Pick<ManagementParts, 'warehouse'>,
): Promise<ReadOut> {
  const { name, status, arms } = experiment;
  const recorded = recordedName(experiment);
  const results = await rowsOf<Record<'arm' | 'viewers' | 'requests' | 'ads' | 'impressions' | 'spend_micros', string>>(
    parts,
    `SELECT arm, viewers, requests, ads, impressions, spend_micros
     FROM breakwater.experiment_results_since(since = {since:Int64}) WHERE experiment = {recorded:String}`,
    { recorded, since: armsSince },
  );
  const rows = await rowsOf<MomentRow>(
    parts,
    'SELECT * FROM breakwater.experiment_moments_since(since = {since:Int64}) WHERE experiment = {recorded:String}',
    { recorded, since: armsSince },
  );
  const moments = new Map(rows.map((row) => [`${row.arm} ${row.measure}`, momentsOf(row)]));
  const read = arms.map((arm): ReadArm => {
    const found = results.find((row) => row.arm === arm.name);
    const of = (field: 'viewers' | 'requests' | 'ads' | 'impressions' | 'spend_micros') => Number(found?.[field] ?? 0);
    return {
      name: arm.name,
      weight: arm.weight,
      viewers: of('viewers'),
      requests: of('requests'),
      ads: of('ads'),
      impressions: of('impressions'),
      spend_micros: of('spend_micros'),
    };
  });
  const p = sampleRatioP(read);
  const [control, ...others] = read;
  const comparisons = others.flatMap((arm) =>
    experimentMeasures.map((measure) => compared(control?.name ?? '', arm.name, measure, moments)),
  );
  const ok = p === null || p >= sampleRatioLimit;
  return {
    name,
    status,
    arms_since: new Date(armsSince).toISOString(),
    arms: read,
    sample_ratio_p: p,
    sample_ratio_ok: ok,
    comparisons,
    notes: notesOf(read, ok),
  };
}

function compared(
  control: string,
  arm: string,
  measure: (typeof experimentMeasures)[number],
  moments: ReadonlyMap<string, Moments>,
): ReadComparison {
  const [a, b] = [moments.get(`${control} ${measure.name}`), moments.get(`${arm} ${measure.name}`)];
  const seen = a && b ? compare(a, b) : null;
  return {
    arm,
    measure: measure.name,
    control: seen?.control ?? null,
    treated: seen?.treated ?? null,
    difference: seen?.difference ?? null,
    low: seen?.low ?? null,
    high: seen?.high ?? null,
    lift: seen?.lift ?? null,
    decided: seen === null ? 'open' : decided(measure, seen),
    guard_rail: measure.guard ? (seen === null ? 'open' : guarded(measure, seen)) : null,
  };
}

function notesOf(arms: readonly ReadArm[], ratioOk: boolean): string[] {
  const notes: string[] = [];
  if (!ratioOk) notes.push('Viewers do not stand in the arms as their weights say: do not believe the comparisons.');
  const small = arms.filter(({ viewers }) => viewers < viewersAtLeast).map(({ name }) => name);
  if (small.length > 0)
    notes.push(`Fewer than ${viewersAtLeast} viewers in ${small.join(', ')}: nothing is said of them yet.`);
  return notes;
}

function momentsOf(row: MomentRow): Moments {
  return {
    viewers: Number(row.viewers),
    numerator: Number(row.numerator),
    denominator: Number(row.denominator),
    numeratorSquares: Number(row.numerator_squares),
    denominatorSquares: Number(row.denominator_squares),
    products: Number(row.products),
  };
}
