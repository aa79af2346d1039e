import type { Route } from '../route.ts';
import { advertiserRoutes } from './advertisers.ts';
import { campaignRoutes } from './campaigns.ts';

/** Every route of the management API, in the order of the document. */
export const routes: readonly Route[] = [...advertiserRoutes, ...campaignRoutes];
