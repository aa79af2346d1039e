import Type, { type Static } from 'typebox';
import { liftOf } from '../../domain/attribution/lift.ts';
import { recordedName } from '../../domain/experiment.ts';
import type { ReportReader } from '../../engines/warehouse/report-reader.ts';
import { orNull } from '../shapes.ts';
import type { PathsOptions } from './attribution-paths.ts';

const number = () => orNull(Type.Number());

export const liftAnswer = Type.Object({
  experiment: Type.String(),
  holdout: Type.String(),
  arms: Type.Array(
    Type.Object({
      arm: Type.String(),
      viewers: Type.Integer({ description: 'that asked in the time; each in the arm of its first request' }),
      converters: Type.Integer({ description: 'of those, with a conversion after that request' }),
      conversions: Type.Integer(),
      value_micros: Type.Integer(),
      rate: number(),
      lift: orNull(
        Type.Number({ description: 'over the hold-out; 0.1 is 10 % more. Null where either has no converter' }),
      ),
      low: number(),
      high: number(),
      incremental_converters: number(),
    }),
  ),
});

/** Who converted may be several viewers, under several pseudonyms; an arm counts the conversion once. */
const sql = `
SELECT arm, count() AS viewers, countIf(notEmpty(own)) AS converters, length(groupUniqArrayArray(own)) AS conversions,
  arraySum(one -> one.3, groupUniqArrayArray(own)) AS value_micros
FROM
(
  SELECT r.viewer AS viewer, r.arm AS arm, groupArrayIf((c.source_partition, c.offset, c.worth), c.at >= r.first) AS own
  FROM
  (
    SELECT viewer, argMin(experiments[{experiment:String}], (received_at, offset)) AS arm, min(received_at) AS first
    FROM breakwater.requests FINAL
    WHERE NOT duplicate AND NOT invalid AND viewer != '' AND mapContains(experiments, {experiment:String})
      AND minute >= toDateTime({from_s:UInt32}, 'UTC') AND minute < toDateTime({to_s:UInt32}, 'UTC')
    GROUP BY viewer
  ) AS r
  LEFT JOIN
  (
    SELECT arrayJoin(known_as) AS viewer, source_partition, offset, occurred_at AS at, value_micros AS worth
    FROM breakwater.conversions FINAL
    WHERE NOT duplicate AND NOT invalid AND occurred_at >= fromUnixTimestamp64Milli({from:Int64}) AND occurred_at < fromUnixTimestamp64Milli({to:Int64})
      AND (empty({type:String}) OR type = {type:String})
      AND advertiser IN (SELECT advertiser FROM breakwater.owners WHERE organisation = {organisation:UUID})
  ) AS c ON c.viewer = r.viewer
  GROUP BY viewer, arm
)
GROUP BY arm
ORDER BY arm`;

interface Found {
  readonly arm: string;
  readonly viewers: string;
  readonly converters: string;
  readonly conversions: string;
  readonly value_micros: string;
}

/** What each arm of an experiment gained over its hold-out, by conversions of the organisation's advertisers. */
export async function readLift(
  reader: ReportReader,
  { from, to, type, scope }: PathsOptions,
  { name, holdout }: { readonly name: string; readonly holdout: string },
): Promise<Static<typeof liftAnswer>> {
  const rows = await reader.query<Found>(sql, {
    from,
    to,
    from_s: from / 1000,
    to_s: to / 1000,
    type: type ?? '',
    experiment: scope === 'everything' ? name : recordedName({ organisation: scope.organisation, name }),
    organisation: scope === 'everything' ? '' : scope.organisation,
  });
  const arms = rows.map((row) => ({
    arm: row.arm,
    viewers: Number(row.viewers),
    converters: Number(row.converters),
    row,
  }));
  const held = arms.find(({ arm }) => arm === holdout) ?? { viewers: 0, converters: 0 };
  return {
    experiment: name,
    holdout,
    arms: arms.map(({ arm, viewers, converters, row }) => {
      const { rate, lift, low, high, incrementalConverters } = liftOf({ viewers, converters }, held);
      const gained = arm === holdout ? null : { lift, low, high, incremental_converters: incrementalConverters };
      return {
        arm,
        viewers,
        converters,
        conversions: Number(row.conversions),
        value_micros: Number(row.value_micros),
        rate,
        ...(gained ?? { lift: null, low: null, high: null, incremental_converters: null }),
      };
    }),
  };
}
