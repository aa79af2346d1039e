import type { Dimension } from '../dimension.ts';
import { ageRanges } from './age-ranges.ts';
import { contentCategories } from './content-categories.ts';
import { contentGenres } from './content-genres.ts';
import { contentRatings } from './content-ratings.ts';
import { dayParts } from './day-parts.ts';
import { daysOfWeek } from './days-of-week.ts';
import { deviceBrands } from './device-brands.ts';
import { deviceTypes } from './device-types.ts';
import { gender } from './gender.ts';
import { geoCities } from './geo-cities.ts';
import { geoCountries } from './geo-countries.ts';
import { geoDmaCodes } from './geo-dma-codes.ts';
import { geoRegions } from './geo-regions.ts';
import { householdIncome } from './household-income.ts';
import { osTypes } from './os-types.ts';
import { timeZones } from './time-zones.ts';

/** Every dimension, in the order in which rules are checked and explained. */
export const dimensions: readonly Dimension[] = [
  geoCountries,
  geoRegions,
  geoCities,
  geoDmaCodes,
  deviceTypes,
  osTypes,
  deviceBrands,
  contentCategories,
  contentGenres,
  contentRatings,
  ageRanges,
  gender,
  householdIncome,
  timeZones,
  dayParts,
  daysOfWeek,
];
