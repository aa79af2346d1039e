import Type from 'typebox';
import { campaignOf } from '../campaigns/change.ts';
import { type Route, route } from '../route.ts';
import { byId, uuid } from '../shapes.ts';
import {
  carriedCreativeDays,
  carriedDays,
  daily,
  daysOf,
  daysQuery,
  type Share,
  shownCounts,
  shownDays,
  shownTotals,
  streamDays,
  streamShares,
  totals,
} from '../v1/stats.ts';
import { creativeOf } from './creatives.ts';

const tag = 'v1';
const scope = 'reports:read';

const share = <N extends string>(name: N) =>
  Type.Array(
    Type.Object({
      [name]: Type.String(),
      impressions: Type.Integer(),
      clicks: Type.Integer(),
      completions: Type.Integer(),
      spend: Type.Number(),
    }),
    { description: 'since the stream counts' },
  );

export const v1AnalyticsRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/campaigns/:id/stats',
    tag,
    summary: "A campaign's numbers by day: what the MVP had counted, and what came since",
    scope,
    params: byId,
    query: daysQuery,
    answer: Type.Object({ campaign_id: uuid(), ...totals, daily }),
    handle: async (ask, parts) => {
      const days = daysOf(ask.query);
      const { campaign, carried } = await ask.read(async (sql) => {
        const found = await campaignOf(sql, ask.params.id);
        return { campaign: found, carried: await carriedDays(sql, [found.id], days) };
      });
      const all = [...carried, ...(await streamDays(parts, { column: 'campaign', ids: [campaign.id] }, days))];
      return { body: { campaign_id: campaign.id, ...shownTotals(all), daily: shownDays(all) } };
    },
  }),

  route({
    method: 'GET',
    path: '/api/v1/creatives/:id/stats',
    tag,
    summary: "A creative's numbers by day; of the MVP's impressions neither clicks nor spend are known by creative",
    scope,
    params: byId,
    query: daysQuery,
    answer: Type.Object({ creative_id: uuid(), campaign_id: uuid(), ...totals, daily }),
    handle: async (ask, parts) => {
      const days = daysOf(ask.query);
      const { campaign, creative, carried } = await ask.read(async (sql) => {
        const found = await creativeOf(sql, ask.params.id);
        return { ...found, carried: await carriedCreativeDays(sql, found.creative.id, days) };
      });
      const all = [...carried, ...(await streamDays(parts, { column: 'creative', ids: [creative.id] }, days))];
      const body = { creative_id: creative.id, campaign_id: campaign.id, ...shownTotals(all), daily: shownDays(all) };
      return { body };
    },
  }),

  route({
    method: 'GET',
    path: '/api/v1/analytics/summary',
    tag,
    summary: 'The numbers of all your campaigns',
    scope,
    query: daysQuery,
    answer: Type.Object({
      campaigns: Type.Object({
        total: Type.Integer(),
        draft: Type.Integer(),
        active: Type.Integer(),
        paused: Type.Integer(),
        completed: Type.Integer(),
      }),
      ...totals,
      daily,
    }),
    handle: async (ask, parts) => {
      const days = daysOf(ask.query);
      const { known, carried } = await ask.read(async (sql) => ({
        known: (await sql.query<{ id: string; status: string }>('SELECT id, status FROM campaigns')).rows,
        carried: await carriedDays(sql, null, days),
      }));
      const ids = known.map(({ id }) => id);
      const all = [...carried, ...(await streamDays(parts, { column: 'campaign', ids }, days))];
      const of = (status: string) => known.filter((each) => each.status === status).length;
      const campaigns = {
        total: known.length,
        draft: of('draft'),
        active: of('active'),
        paused: of('paused'),
        completed: of('completed'),
      };
      return { body: { campaigns, ...shownTotals(all), daily: shownDays(all) } };
    },
  }),

  route({
    method: 'GET',
    path: '/api/v1/analytics/campaigns/:id',
    tag,
    summary: "A campaign's numbers by day, and by creative, country and kind of device",
    scope,
    params: byId,
    query: daysQuery,
    answer: Type.Object({
      campaign_id: uuid(),
      name: Type.String(),
      ...totals,
      daily,
      creatives: share('creative_id'),
      countries: share('country'),
      device_types: share('device_type'),
    }),
    handle: async (ask, parts) => {
      const days = daysOf(ask.query);
      const { campaign, carried } = await ask.read(async (sql) => {
        const found = await campaignOf(sql, ask.params.id);
        return { campaign: found, carried: await carriedDays(sql, [found.id], days) };
      });
      const { id } = campaign;
      const [stream, creatives, countries, devices] = await Promise.all([
        streamDays(parts, { column: 'campaign', ids: [id] }, days),
        streamShares(parts, id, 'creative', days),
        streamShares(parts, id, 'country', days),
        streamShares(parts, id, 'device_type', days),
      ]);
      const all = [...carried, ...stream];
      const named = (key: string, shares: readonly Share[]) =>
        shares.map((each) => ({ [key]: each.name, ...shownCounts(each) }) as never);
      return {
        body: {
          campaign_id: id,
          name: campaign.name,
          ...shownTotals(all),
          daily: shownDays(all),
          creatives: named('creative_id', creatives),
          countries: named('country', countries),
          device_types: named('device_type', devices),
        },
      };
    },
  }),
];
