import { type Dimension, type RequestField, subjects } from './dimension.ts';
import * as listed from './dimensions/index.ts';

/** The plan's sixteen names, and what else dimensions/index.ts lists. */
export type DimensionName = (typeof listed)[keyof typeof listed]['name'];

/** Every dimension, in the order in which rules are checked and explained: by subject, then as listed. */
export const dimensions: readonly Dimension<DimensionName>[] = subjects.flatMap((subject) =>
  Object.values<Dimension<DimensionName>>(listed).filter(({ about }) => about === subject),
);

/** Those that read a field of the ad request which is theirs alone. */
export const ownFields: readonly { readonly dimension: Dimension<DimensionName>; readonly field: RequestField }[] =
  dimensions.flatMap((dimension) => (dimension.field === null ? [] : [{ dimension, field: dimension.field }]));
