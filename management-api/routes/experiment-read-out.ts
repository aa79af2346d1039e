import Type from 'typebox';
import { readExperiment } from '../../domain/campaign-document.ts';
import { experimentMeasures } from '../../domain/experiments/verdict.ts';
import { Problem } from '../../engines/http/problem.ts';
import { readOut } from '../experiments/read-out.ts';
import { route } from '../route.ts';
import { byId, oneOf, orNull } from '../shapes.ts';

const value = () => orNull(Type.Number());

export const experimentReadOutRoutes = [
  route({
    method: 'GET',
    path: '/api/v2/experiments/:id/read-out',
    tag: 'experiments',
    summary: 'Each arm against the first, with intervals that hold whenever one looks',
    scope: 'reports:read',
    params: byId,
    answer: Type.Object({
      name: Type.String(),
      status: oneOf('running', 'stopped'),
      arms_since: Type.String({
        format: 'date-time',
        description: 'since when its name and arms are what they are; requests from before count nowhere',
      }),
      arms: Type.Array(
        Type.Object({
          name: Type.String(),
          weight: Type.Number(),
          viewers: Type.Integer(),
          requests: Type.Integer(),
          ads: Type.Integer(),
          impressions: Type.Integer(),
          spend_micros: Type.Integer(),
        }),
      ),
      sample_ratio_p: orNull(
        Type.Number({ description: 'the chance, at most, that a fair draw ever looked as odd as this' }),
      ),
      sample_ratio_ok: Type.Boolean(),
      comparisons: Type.Array(
        Type.Object({
          arm: Type.String(),
          measure: oneOf(...experimentMeasures.map(({ name }) => name)),
          control: value(),
          treated: value(),
          difference: value(),
          low: value(),
          high: value(),
          lift: value(),
          decided: oneOf('better', 'worse', 'open'),
          guard_rail: orNull(oneOf('holds', 'broken', 'open')),
        }),
      ),
      notes: Type.Array(Type.String()),
    }),
    handle: async (ask, parts) => {
      const { id } = ask.params;
      const { rows } = await ask.read((sql) =>
        sql.query<{ version: string; arms_since: Date }>(
          'SELECT id, version, organisation_id AS organisation, name, status, arms, arms_since FROM experiments WHERE id = $1',
          [id],
        ),
      );
      const [row] = rows;
      const found = row === undefined ? null : readExperiment({ ...row, version: Number(row.version) });
      if (found === null || row === undefined) throw new Problem(404, 'Not found', `there is no experiment ${id}`);
      return { body: (await readOut(found, row.arms_since.getTime(), parts)) as never };
    },
  }),
];
