import type { Route } from '../route.ts';
import { advertiserRoutes } from './advertisers.ts';
import { alertRoutes } from './alerts.ts';
import { auditRoutes } from './audit.ts';
import { authRoutes } from './auth.ts';
import { autoOptimizeRoutes } from './auto-optimize.ts';
import { campaignRoutes } from './campaigns.ts';
import { categoryRoutes } from './categories.ts';
import { creativeRoutes } from './creatives.ts';
import { experimentRoutes } from './experiments.ts';
import { frequencyCapRoutes } from './frequency-cap.ts';
import { keyRoutes } from './keys.ts';
import { pacingRoutes } from './pacing.ts';
import { podRoutes } from './pods.ts';
import { recommendationRoutes } from './recommendations.ts';
import { targetingRoutes } from './targeting.ts';
import { userRoutes } from './users.ts';
import { v1AuthRoutes } from './v1-auth.ts';
import { v1CampaignRoutes } from './v1-campaigns.ts';

/** Every route of the management API, in the order of the document. */
export const routes: readonly Route[] = [
  ...advertiserRoutes,
  ...campaignRoutes,
  ...targetingRoutes,
  ...frequencyCapRoutes,
  ...categoryRoutes,
  ...creativeRoutes,
  ...podRoutes,
  ...pacingRoutes,
  ...autoOptimizeRoutes,
  ...alertRoutes,
  ...experimentRoutes,
  ...recommendationRoutes,
  ...keyRoutes,
  ...userRoutes,
  ...authRoutes,
  ...auditRoutes,
  ...v1AuthRoutes,
  ...v1CampaignRoutes,
];
