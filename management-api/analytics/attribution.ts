import Type, { type Static } from 'typebox';
import { modelNames } from '../../domain/attribution/models.ts';
import { windowDays } from '../../domain/attribution/path.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import type { ManagementParts } from '../parts.ts';
import { closed, oneOf, orNull, time, uuid } from '../shapes.ts';
import { analyticsOf, dataAsOf, withWarehouse } from './ask-warehouse.ts';
import { liftAnswer, readLift } from './attribution-lift.ts';
import { readConversions, readLost } from './attribution-paths.ts';
import { weighInThread } from './attribution-thread.ts';
import type { By, Weighed } from './attribution-weigh.ts';
import { namesOf, type Read, shareTenant } from './owners.ts';
import { checkReport, invalid } from './reports/check-report.ts';
import { rangeNames } from './reports/ranges.ts';

const DAY_MS = 86_400_000;

const days = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: 30, description: `${windowDays.join(', ')}; ${description}` }));

export const attributionQuery = closed({
  model: Type.Optional(oneOf(...modelNames, 'all')),
  by: Type.Optional(oneOf('campaign', 'creative', 'path', 'day', 'type')),
  from: Type.Optional(time()),
  to: Type.Optional(time()),
  range: Type.Optional(oneOf(...rangeNames)),
  time_zone: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  click_window_days: days('default 30'),
  view_window_days: days('default 7'),
  half_life_days: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, maximum: 365, description: 'of time_decay; default 7' }),
  ),
  campaign_id: Type.Optional(uuid('only credits of this campaign')),
  type: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'only conversions of this type' })),
  experiment: Type.Optional(
    Type.String({ minLength: 1, maxLength: 255, description: 'with holdout: what the other arms gained' }),
  ),
  holdout: Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'the arm that saw less' })),
});

type Query = Static<typeof attributionQuery>;

const row = Type.Object({
  key: Type.String({ description: 'a campaign, a creative, a day, a type; campaigns of a path joined by " > "' }),
  name: orNull(Type.String()),
  conversions: Type.Number({ description: 'parts of conversions, to a millionth; they add up' }),
  value_micros: Type.Integer(),
  restated_at: orNull(
    Type.String({ description: 'by day: when a conversion came that happened on a day which was over' }),
  ),
});

export const attributionAnswer = Type.Object({
  models: Type.Record(
    Type.String(),
    Type.Object({
      rows: Type.Array(row, { description: 'at most 1,000, those of the most value' }),
      others: orNull(
        Type.Object(
          { rows: Type.Integer(), conversions: Type.Number(), value_micros: Type.Integer() },
          { description: 'what all further rows add up to' },
        ),
      ),
      attributed_value_micros: Type.Integer(),
    }),
  ),
  conversions: Type.Integer(),
  value_micros: Type.Integer(),
  unattributed: Type.Object({ conversions: Type.Integer(), value_micros: Type.Integer() }),
  late_conversions: Type.Integer({ description: 'that came after the day on which they happened was over' }),
  restated_at: orNull(
    Type.String({ description: 'when the newest of those came: numbers asked for before then were others' }),
  ),
  from: Type.String(),
  to: Type.String(),
  time_zone: Type.String(),
  click_window_days: Type.Integer(),
  view_window_days: Type.Integer(),
  half_life_days: Type.Number(),
  data_as_of: orNull(Type.String()),
  lift: orNull(liftAnswer),
});

/** Credit for conversions that happened in a time. Throws Problem 422 where there are more than can be weighed at once. */
export async function attributionOf(
  query: Query,
  organisation: string,
  read: Read,
  parts: ManagementParts,
): Promise<Static<typeof attributionAnswer>> {
  const { model: _model, by: _by, ...rest } = query;
  const { from, to, zone } = timeOf(rest, parts.clock.now());
  const click = query.click_window_days ?? 30;
  const view = query.view_window_days ?? 7;
  const halfLife = query.half_life_days ?? 7;
  checkQuery(query);
  const windows = { clickMs: click * DAY_MS, viewMs: view * DAY_MS };
  const asked = { from, to, windows, type: query.type ?? null, scope: { organisation } };
  const models = query.model === 'all' ? modelNames : [query.model ?? 'last_touch'];
  const experiment = query.experiment === undefined ? null : await read((sql) => experimentOf(sql, query));
  const source = experiment === null ? 'conversions' : 'lift';
  const asOf = await dataAsOf(source, parts);
  const { lines, lost, lift } = await withWarehouse(source, parts, async () => {
    const { reader } = analyticsOf(parts);
    await shareTenant(organisation, read, analyticsOf(parts));
    return {
      lines: await readConversions(reader, asked),
      lost: models.includes('data_driven') ? await readLost(reader, asked) : [],
      lift: experiment === null ? null : await readLift(reader, asked, experiment),
    };
  });
  const by = query.by ?? 'campaign';
  const campaign = query.campaign_id?.toLowerCase() ?? null;
  const weighed = await weighInThread({
    ...{ lines, lost, models, by, campaign, zone, windows },
    halfLifeMs: halfLife * DAY_MS,
  });
  if (typeof weighed === 'string') throw new Problem(422, 'Too much at once', weighed);
  return {
    ...weighed,
    models: await namedModels(weighed, by, read),
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    time_zone: zone,
    click_window_days: click,
    view_window_days: view,
    half_life_days: halfLife,
    data_as_of: asOf,
    lift,
  };
}

/** Throws Problem 400. */
function checkQuery(query: Query): void {
  if ((query.experiment === undefined) !== (query.holdout === undefined)) {
    throw invalid([
      {
        pointer: query.holdout === undefined ? '/holdout' : '/experiment',
        detail: 'experiment and holdout go together',
      },
    ]);
  }
  for (const name of ['click_window_days', 'view_window_days'] as const) {
    if (query[name] !== undefined && !windowDays.some((days) => days === query[name])) {
      throw invalid([{ pointer: `/${name}`, detail: `must be one of ${windowDays.join(', ')}` }]);
    }
  }
}

function timeOf({ from, to, range, time_zone }: Query, now: number) {
  const unset = from === undefined && range === undefined;
  return checkReport(
    {
      measures: ['impressions'],
      ...(time_zone === undefined ? {} : { time_zone }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(range === undefined ? {} : { range }),
      ...(unset ? { from: new Date(Math.floor(now / DAY_MS - 30) * DAY_MS).toISOString() } : {}),
    },
    now,
  );
}

/** Throws Problem 404 for an experiment, 400 for an arm, that the organisation does not have. */
async function experimentOf(sql: DeskTransaction, { experiment = '', holdout = '' }: Query) {
  const { rows } = await sql.query<{ arms: { name: string }[] }>('SELECT arms FROM experiments WHERE name = $1', [
    experiment,
  ]);
  const arms = rows[0]?.arms.map(({ name }) => name);
  if (!arms) throw new Problem(404, 'Not found', `there is no experiment ${JSON.stringify(experiment)}`);
  if (!arms.includes(holdout)) throw invalid([{ pointer: '/holdout', detail: `must be one of ${arms.join(', ')}` }]);
  return { name: experiment, holdout };
}

const BETWEEN = ' > ';

/** Rows say what campaigns and creatives are called; days and types have no other name. */
async function namedModels({ models }: Weighed, by: By, read: Read) {
  const idsOf = (key: string) => (by === 'day' || by === 'type' ? [] : key.split(BETWEEN));
  const keys = Object.values(models).flatMap(({ rows }) => rows.map(({ key }) => key));
  const names = await read((sql) => namesOf(sql, [...new Set(keys.flatMap(idsOf))]));
  const nameOf = (key: string): string | null => {
    if (by !== 'path') return names[key] ?? null;
    return idsOf(key)
      .map((id) => names[id] ?? id)
      .join(BETWEEN);
  };
  return Object.fromEntries(
    Object.entries(models).map(([model, { rows, ...rest }]) => [
      model,
      { ...rest, rows: rows.map(({ key, ...row }) => ({ key, name: nameOf(key), ...row })) },
    ]),
  );
}
