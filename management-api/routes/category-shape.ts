import Type, { type Static } from 'typebox';
import { orNull } from '../shapes.ts';

/** A UUID, or the id in a published table. */
export const categoryId = Type.String({ minLength: 1, maxLength: 64 });

export const category = Type.Object({
  id: categoryId,
  version: Type.Integer(),
  name: Type.String(),
  description: orNull(Type.String()),
  parent_category_id: orNull(categoryId),
  shared: Type.Boolean({ description: 'of an imported table: everybody may use it, nobody change it' }),
});

export type Category = Static<typeof category>;

export interface CategoryRow {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly description: string | null;
  readonly parent_category_id: string | null;
  readonly organisation_id: string | null;
}

export function shown(row: CategoryRow): Category {
  return {
    id: row.id,
    version: Number(row.version),
    name: row.name,
    description: row.description,
    parent_category_id: row.parent_category_id,
    shared: row.organisation_id === null,
  };
}
