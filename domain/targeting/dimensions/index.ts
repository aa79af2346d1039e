/** Every dimension: one line each. */
export { ageRanges } from './age-ranges.ts';
export { contentCategories } from './content-categories.ts';
export { contentGenres } from './content-genres.ts';
export { contentRatings } from './content-ratings.ts';
export { dayParts } from './day-parts.ts';
export { daysOfWeek } from './days-of-week.ts';
export { deviceBrands } from './device-brands.ts';
export { deviceTypes } from './device-types.ts';
export { gender } from './gender.ts';
export { geoCities } from './geo-cities.ts';
export { geoCountries } from './geo-countries.ts';
export { geoDmaCodes } from './geo-dma-codes.ts';
export { geoRegions } from './geo-regions.ts';
export { householdIncome } from './household-income.ts';
export { osTypes } from './os-types.ts';
export { timeZones } from './time-zones.ts';
