import Type, { type Static } from 'typebox';
import { campaignOf } from '../campaigns/change.ts';
import { status } from '../campaigns/shape.ts';
import { limits } from '../limits.ts';
import { readDataAsOf } from '../optimisation/figures.ts';
import { campaignsAfter, isUniform, readStandings, reasonsOf, type Standing } from '../optimisation/standing.ts';
import { cursorOf, pageOf, pageQuery, placeOf } from '../pages.ts';
import { route } from '../route.ts';
import { closed, oneOf, orNull, uuid } from '../shapes.ts';

const amount = () => orNull(Type.Integer());
const moment = () => orNull(Type.String());

const lever = Type.Object({
  kind: oneOf('delivery_rate', 'ends_at', 'total'),
  factor: Type.Optional(Type.Number({ description: 'delivery_rate: times what it delivers now' })),
  ends_at: Type.Optional(Type.String()),
  total: Type.Optional(Type.Integer({ description: 'in the unit' })),
});

const standing = Type.Object({
  campaign_id: uuid(),
  name: Type.String(),
  status: Type.String(),
  pacing_mode: Type.String(),
  starts_at: Type.String(),
  ends_at: Type.String(),
  unit: Type.Unsafe<'micros' | 'impressions' | null>(
    Type.Union([Type.Literal('micros'), Type.Literal('impressions'), Type.Null()]),
  ),
  total: amount(),
  done: Type.Integer({ description: 'in the unit; micros where there is none' }),
  target_by_now: amount(),
  pacing_status: orNull(Type.String({ description: 'under, on_track, over; null before the first signal' })),
  shadow_price: orNull(Type.Number({ description: 'in prices; null before the first signal' })),
  projected: Type.Object({
    total: amount(),
    low: amount(),
    high: amount(),
    reached_at: moment(),
    probability_of_full_delivery: orNull(Type.Number({ description: 'of 99 % of the total' })),
  }),
  why: Type.Array(Type.String()),
  would_change_it: Type.Array(lever, { description: 'each alone brings full delivery to nine in ten' }),
});

export const pacingRoutes = [
  route({
    method: 'GET',
    path: '/api/v2/optimization/pacing',
    tag: 'optimisation',
    summary: 'Where campaigns stand, where they will end, and why',
    scope: 'reports:read',
    query: closed({
      ...pageQuery,
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'default 50' })),
      campaign_id: Type.Optional(uuid()),
      status: Type.Optional(status),
    }),
    answer: Type.Object({
      ...pageOf(standing).properties,
      forecast: oneOf('hour_of_week', 'uniform'),
      data_as_of: moment(),
    }),
    refuses: [404],
    handle: async (ask, parts) => {
      const { query } = ask;
      const now = parts.clock.now();
      const limit = query.limit ?? limits.pageItems;
      const place = placeOf('pacing', query.cursor);
      const one = query.campaign_id;
      const found = await ask.read(async (sql) =>
        one === undefined
          ? campaignsAfter(sql, place?.id ?? null, query.status ?? null, limit + 1)
          : [await campaignOf(sql, one)],
      );
      const page = found.slice(0, limit);
      const { standings, forecast } = await readStandings(page, parts, now);
      const last = page.at(-1);
      return {
        body: {
          items: standings.map((each) => shown(each, now)),
          next_cursor: found.length > limit && last ? cursorOf('pacing', { value: '', id: last.id }) : null,
          forecast: isUniform(forecast) ? 'uniform' : 'hour_of_week',
          data_as_of: iso(await readDataAsOf(parts, now)),
        } as const,
      };
    },
  }),
];

function shown(one: Standing, now: number): Static<typeof standing> {
  const { campaign, signal, projection, done, target } = one;
  return {
    campaign_id: campaign.id,
    name: campaign.name,
    status: campaign.status,
    pacing_mode: campaign.pacingMode,
    starts_at: new Date(campaign.startsAt).toISOString(),
    ends_at: new Date(campaign.endsAt).toISOString(),
    unit: projection?.unit ?? null,
    total: projection?.total ?? null,
    done,
    target_by_now: target,
    pacing_status: signal?.status ?? null,
    shadow_price: signal === null ? null : signal.muPpm / 1e6,
    projected: {
      total: projection?.expected ?? null,
      low: projection?.low ?? null,
      high: projection?.high ?? null,
      reached_at: iso(projection?.reachedAt ?? null),
      probability_of_full_delivery: projection?.probability ?? null,
    },
    why: reasonsOf(one, now),
    would_change_it: (projection?.levers ?? []).map(({ kind, value }) => ({
      kind,
      ...(kind === 'delivery_rate' ? { factor: value } : {}),
      ...(kind === 'ends_at' ? { ends_at: new Date(value).toISOString() } : {}),
      ...(kind === 'total' ? { total: value } : {}),
    })),
  };
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
