import { attributionAnswer, attributionOf, attributionQuery } from '../analytics/attribution.ts';
import { calibrationAnswer, calibrationOf, calibrationQuery } from '../analytics/calibration.ts';
import { analyseCampaign, campaignAnalytics, campaignQuery } from '../analytics/campaign.ts';
import { campaignPerformance, performancePage, performanceQuery } from '../analytics/performance.ts';
import { route } from '../route.ts';
import { byId } from '../shapes.ts';

const tag = 'analytics';

export const analyticsRoutes = [
  route({
    method: 'GET',
    path: '/api/v2/analytics/campaigns/:id',
    tag,
    summary:
      'All about one campaign: totals, funnel, by time, creative, device, geo, content and hour, against its plan, live',
    scope: 'reports:read',
    params: byId,
    query: campaignQuery,
    answer: campaignAnalytics,
    refuses: [422],
    handle: async (ask, parts) => ({
      body: await analyseCampaign(ask.params.id, ask.query, ask.caller.organisation, (work) => ask.read(work), parts),
    }),
  }),

  route({
    method: 'GET',
    path: '/api/v2/analytics/performance',
    tag,
    summary: 'How every campaign performs: rates, scores, spend of today and where it leads, pacing',
    scope: 'reports:read',
    query: performanceQuery,
    answer: performancePage,
    handle: async (ask, parts) => ({
      body: await campaignPerformance(ask.query, ask.caller.organisation, (work) => ask.read(work), parts),
    }),
  }),

  route({
    method: 'GET',
    path: '/api/v2/analytics/attribution',
    tag,
    summary: 'Which ads conversions are owed to, by one model or all, and what an experiment gained over its hold-out',
    scope: 'reports:read',
    query: attributionQuery,
    answer: attributionAnswer,
    refuses: [404, 422],
    handle: async (ask, parts) => ({
      body: await attributionOf(ask.query, ask.caller.organisation, (work) => ask.read(work), parts),
    }),
  }),

  route({
    method: 'GET',
    path: '/api/v2/analytics/calibration',
    tag,
    summary: 'Whether predicted rates can be believed: predicted against observed completions or clicks, by bucket',
    scope: 'reports:read',
    query: calibrationQuery,
    answer: calibrationAnswer,
    refuses: [422],
    handle: async (ask, parts) => ({
      body: await calibrationOf(ask.query, ask.caller.organisation, (work) => ask.read(work), parts),
    }),
  }),
];
