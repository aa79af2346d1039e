import { type ApiOptions, say, withApi } from './api-client.ts';

interface Node {
  readonly id: string;
  readonly name: string;
  readonly shared: boolean;
  readonly children: readonly Node[];
}

/** `breakwater categories list`: the trees, as they lie. */
export async function listCategoriesCommand({
  under,
  ...options
}: ApiOptions & { readonly under?: string }): Promise<void> {
  await withApi(options, async (client) => {
    const { body } = await client.call('GET /api/v2/categories/tree', { query: under === undefined ? {} : { under } });
    const items = body.items as unknown as readonly Node[];
    say(options, items, () =>
      items.length === 0 ? 'no categories' : items.flatMap((each) => linesOf(each, 0)).join('\n'),
    );
  });
}

function linesOf({ id, name, shared, children }: Node, depth: number): string[] {
  const line = `${'  '.repeat(depth)}${name}  ${id}${shared ? '  (shared)' : ''}`;
  return [line, ...children.flatMap((each) => linesOf(each, depth + 1))];
}

/** `breakwater categories create NAME` */
export async function createCategoryCommand(
  name: string,
  { under, ...options }: ApiOptions & { readonly under?: string },
): Promise<void> {
  await withApi(options, async (client) => {
    const { body } = await client.call('POST /api/v2/categories', {
      body: { name, parent_category_id: under ?? null },
    });
    say(options, body, () => body.id);
  });
}
