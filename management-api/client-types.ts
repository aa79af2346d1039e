/** The parts of an OpenAPI document that types are made of. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
}

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const LINES = 'application/x-ndjson';

/** The client's types: one line for each operation, in the order of the document. */
export function clientTypes({ paths }: Document): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => lineOf(`${method.toUpperCase()} ${path}`, operation)),
  );
  return [
    '// Made from the OpenAPI document by `npm run client`; a test shows that it is current.',
    '',
    '/** What each operation takes and answers. `lines`: one JSON object a line, as text. */',
    'export interface Operations {',
    ...operations,
    '}',
    '',
  ].join('\n');
}

function lineOf(name: string, { parameters = [], requestBody, responses }: Operation): string {
  const of = (place: string) => parameters.filter((each) => each.in === place);
  const object = (list: readonly Parameter[]) =>
    `{ ${list.map((each) => `${key(each.name)}${each.required ? '' : '?'}: ${typeOf(each.schema)}`).join('; ')} }`;
  const fields: string[] = [];
  if (of('path').length > 0) fields.push(`params: ${object(of('path'))}`);
  if (of('query').length > 0) {
    fields.push(`query${of('query').some(({ required }) => required) ? '' : '?'}: ${object(of('query'))}`);
  }
  const asked = Object.entries(requestBody?.content ?? {})[0];
  if (asked !== undefined) fields.push(asked[0] === LINES ? 'lines: string' : `body: ${typeOf(asked[1].schema ?? {})}`);
  const answered = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  return `  ${JSON.stringify(name)}: { input: { ${fields.join('; ')} }; answer: ${answerOf(answered.map(([, answer]) => answer.content))} };`;
}

function answerOf(contents: readonly (Content | undefined)[]): string {
  const types = contents.map((content) => {
    const [type, media] = Object.entries(content ?? {})[0] ?? [];
    if (type === undefined) return 'undefined';
    return type === 'application/json' ? typeOf(media?.schema ?? {}) : 'string';
  });
  return [...new Set(types)].join(' | ') || 'undefined';
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((each) => JSON.stringify(each)).join(' | ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return [...new Set(choices.map(typeOf))].join(' | ');
  if (schema.allOf !== undefined) return schema.allOf.map(typeOf).join(' & ');
  // A thing that holds things of its own kind: its first level is told, what lies below is for the reader.
  if (schema.$ref !== undefined) return schema.$defs ? typeOf(Object.values(schema.$defs)[0] ?? {}) : 'unknown';
  if (Array.isArray(schema.type)) return schema.type.map((type: string) => typeOf({ ...schema, type })).join(' | ');
  if (schema.type === 'array') return `readonly ${wrapped(typeOf(schema.items ?? {}))}[]`;
  if (schema.type === 'object' || schema.properties !== undefined) return objectType(schema);
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  return { string: 'string', boolean: 'boolean', null: 'null' }[String(schema.type)] ?? 'unknown';
}

function objectType({ properties = {}, required = [] }: Schema): string {
  const fields = Object.entries(properties).map(
    ([name, inner]) => `readonly ${key(name)}${required.includes(name) ? '' : '?'}: ${typeOf(inner)}`,
  );
  return fields.length === 0 ? 'Readonly<Record<string, unknown>>' : `{ ${fields.join('; ')} }`;
}

function wrapped(type: string): string {
  return /[|&]/.test(type) && !/^[{(]/.test(type) ? `(${type})` : type;
}

function key(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}
