import { proveApi } from './api-proof.ts';
import { proveAttribution } from './attribution-proof.ts';
import { proveAudit } from './audit-proof.ts';
import { proveBeacons } from './beacons-proof.ts';
import { proveCaps } from './caps-proof.ts';
import { proveDayParts } from './day-parts-proof.ts';
import { proveFill } from './fill-proof.ts';
import { proveIndex } from './index-proof.ts';
import { proveMutants } from './mutants-proof.ts';
import { provePlayers } from './players-proof.ts';
import type { Proof } from './proof.ts';
import { proveQuestions } from './questions-proof.ts';
import { proveReports } from './reports-proof.ts';
import { proveSeparation } from './separation-proof.ts';
import { proveSolver } from './solver-proof.ts';

/** Every proof by name. One entry each. */
export const proofs: readonly Proof[] = [
  { name: 'index', about: 'the targeting index answers what the plain matcher answers', run: proveIndex },
  {
    name: 'day-parts',
    about: 'day-parts and weekdays against every minute of a year in thirty zones',
    run: proveDayParts,
  },
  { name: 'solver', about: 'the pod solver answers what the plain solver answers', run: proveSolver },
  {
    name: 'caps',
    about: 'no cap is passed and no impression lost, whoever is late, killed or stopped',
    run: proveCaps,
  },
  { name: 'separation', about: 'no two competitors are too near in the pods of one stream', run: proveSeparation },
  {
    name: 'players',
    about: 'drawn drafts are valid in every dialect and read back as the same ads, whatever a creative holds',
    run: provePlayers,
  },
  {
    name: 'api',
    about: 'no generated request brings a 5xx, none crosses organisations',
    run: (options) => proveApi(options),
  },
  {
    name: 'attribution',
    about: 'every model against plain words, credits to the micro, late conversions too',
    run: proveAttribution,
  },
  {
    name: 'questions',
    about: 'the ten questions of analysts through breakwater sql against a recount of the log',
    run: proveQuestions,
  },
  {
    name: 'reports',
    about: 'generated reports against a recount of the log, in nine zones; hostile input; files read back',
    run: proveReports,
  },
  { name: 'fill', about: 'paid seconds of pods, and no competitors together in raw records', run: proveFill },
  {
    name: 'beacons',
    about: 'of forged, replayed, expired, truncated and swapped tracking URLs none is billed, and every genuine one is',
    run: proveBeacons,
  },
  { name: 'mutants', about: 'each one-line fault planted in domain/ is caught by a proof', run: proveMutants },
  { name: 'audit', about: 'each planted fault turns the audit red and is called by its name', run: proveAudit },
];
