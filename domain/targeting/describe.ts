import { type DimensionName, dimensions, ownFields } from './dimensions.ts';

/** The JSON schema of a condition: one alternative per dimension, each with its own values. For APIs that take rules. */
export function conditionSchema(): object {
  return {
    type: 'object',
    required: ['dimension', 'mode', 'values'],
    oneOf: dimensions.map(({ name, doc, example, schema }) => ({
      description: doc,
      properties: {
        dimension: { const: name },
        mode: { enum: ['include', 'exclude'] },
        values: { type: 'array', items: { ...schema, examples: [example] } },
      },
    })),
  };
}

/** The fields of the ad request that belong to one dimension alone, of one part of the request. */
export function fieldsOf(part: 'geo' | 'device' | 'content' | 'user'): readonly {
  readonly name: string;
  readonly dimension: DimensionName;
  readonly doc: string;
}[] {
  return ownFields
    .filter(({ field }) => field.in === part)
    .map(({ field, dimension }) => ({ name: field.name, dimension: dimension.name, doc: dimension.doc }));
}

/** The table of dimensions for docs/targeting.md. */
export function dimensionTable(): string {
  const rows = dimensions.map(
    ({ name, about, doc, example }) => `| \`${name}\` | ${about} | ${doc} | \`${JSON.stringify(example)}\` |`,
  );
  return ['| dimension | about | what its values mean | example |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
