import type { Route } from '../route.ts';
import { advertiserRoutes } from './advertisers.ts';
import { auditRoutes } from './audit.ts';
import { authRoutes } from './auth.ts';
import { campaignRoutes } from './campaigns.ts';
import { categoryRoutes } from './categories.ts';
import { categoryTreeRoutes } from './category-tree.ts';
import { creativeRoutes } from './creatives.ts';
import { experimentRoutes } from './experiments.ts';
import { frequencyCapRoutes } from './frequency-cap.ts';
import { keyRoutes } from './keys.ts';
import { meRoutes } from './me.ts';
import { podRoutes } from './pods.ts';
import { targetingRoutes } from './targeting.ts';
import { userRoutes } from './users.ts';

/** Every route of the management API, in the order of the document. */
export const routes: readonly Route[] = [
  ...advertiserRoutes,
  ...campaignRoutes,
  ...targetingRoutes,
  ...frequencyCapRoutes,
  ...categoryTreeRoutes,
  ...categoryRoutes,
  ...creativeRoutes,
  ...podRoutes,
  ...experimentRoutes,
  ...keyRoutes,
  ...userRoutes,
  ...authRoutes,
  ...meRoutes,
  ...auditRoutes,
];
