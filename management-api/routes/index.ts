import type { Route } from '../route.ts';
import { adjustmentRoutes } from './adjustments.ts';
import { advertiserRoutes } from './advertisers.ts';
import { alertRoutes } from './alerts.ts';
import { analyticsRoutes } from './analytics.ts';
import { auditRoutes } from './audit.ts';
import { authRoutes } from './auth.ts';
import { autoOptimizeRoutes } from './auto-optimize.ts';
import { campaignLineRoutes } from './campaign-lines.ts';
import { campaignRoutes } from './campaigns.ts';
import { categoryRoutes } from './categories.ts';
import { categoryTreeRoutes } from './category-tree.ts';
import { creativeRoutes } from './creatives.ts';
import { experimentReadOutRoutes } from './experiment-read-out.ts';
import { experimentRoutes } from './experiments.ts';
import { frequencyCapRoutes } from './frequency-cap.ts';
import { keyRoutes } from './keys.ts';
import { meRoutes } from './me.ts';
import { pacingRoutes } from './pacing.ts';
import { podRoutes } from './pods.ts';
import { recommendationRoutes } from './recommendations.ts';
import { reportRoutes } from './reports.ts';
import { savedReportRoutes } from './saved-reports.ts';
import { targetingRoutes } from './targeting.ts';
import { unwrapRoutes } from './unwrap.ts';
import { userRoutes } from './users.ts';
import { v1AnalyticsRoutes } from './v1-analytics.ts';
import { v1AuthRoutes } from './v1-auth.ts';
import { v1CampaignRoutes } from './v1-campaigns.ts';
import { v1CreativeRoutes } from './v1-creatives.ts';
import { viewerRoutes } from './viewers.ts';

/** Every route of the management API, in the order of the document. */
export const routes: readonly Route[] = [
  ...advertiserRoutes,
  ...campaignLineRoutes,
  ...campaignRoutes,
  ...targetingRoutes,
  ...frequencyCapRoutes,
  ...categoryTreeRoutes,
  ...categoryRoutes,
  ...creativeRoutes,
  ...unwrapRoutes,
  ...podRoutes,
  ...experimentRoutes,
  ...analyticsRoutes,
  ...reportRoutes,
  ...savedReportRoutes,
  ...adjustmentRoutes,
  ...pacingRoutes,
  ...autoOptimizeRoutes,
  ...alertRoutes,
  ...experimentReadOutRoutes,
  ...recommendationRoutes,
  ...keyRoutes,
  ...userRoutes,
  ...authRoutes,
  ...meRoutes,
  ...auditRoutes,
  ...viewerRoutes,
  ...v1AuthRoutes,
  ...v1CampaignRoutes,
  ...v1CreativeRoutes,
  ...v1AnalyticsRoutes,
];
