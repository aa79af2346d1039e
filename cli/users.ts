import type { Operations } from '../client/client.ts';
import { type ApiOptions, say, table, withApi } from './api-client.ts';
import { createUserOfCommand } from './organisations.ts';

type User = Operations['GET /api/v2/users/{id}']['answer'];

/** `breakwater users list` */
export async function listUsersCommand(options: ApiOptions): Promise<void> {
  await withApi(options, async (client) => {
    const found: User[] = [];
    let cursor: string | undefined;
    do {
      const page: Operations['GET /api/v2/users']['answer'] = (
        await client.call('GET /api/v2/users', { query: { limit: 500, ...(cursor === undefined ? {} : { cursor }) } })
      ).body;
      found.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    const rows = () =>
      table(
        found.map(({ id, email, name, role, disabled }) => ({
          id,
          email,
          name,
          role,
          state: disabled ? 'disabled' : 'good',
        })),
      );
    say(options, found, () => (found.length === 0 ? 'no users' : rows()));
  });
}

/**
 * `breakwater users create EMAIL`: the password comes from standard input, so that no list of processes shows it. With an
 * organisation the catalog is written itself, without the API.
 */
export async function createUserCommand(
  email: string,
  {
    role,
    name,
    organisation,
    ...options
  }: ApiOptions & { readonly role: User['role']; readonly name?: string; readonly organisation?: string },
): Promise<void> {
  let given = '';
  for await (const chunk of process.stdin) given += String(chunk);
  const password = given.replace(/\r?\n$/, '');
  if (organisation !== undefined) {
    const id = await createUserOfCommand({ organisation, email, name: name ?? null, password, role });
    say(options, { id }, () => id);
    return;
  }
  await withApi(options, async (client) => {
    const body = { email, password, role, ...(name === undefined ? {} : { name }) };
    const { body: made } = await client.call('POST /api/v2/users', { body });
    say(options, made, () => made.id);
  });
}

/** `breakwater users change ID`: another role, or in and out. */
export async function changeUserCommand(
  id: string,
  {
    role,
    disable,
    enable,
    ...options
  }: ApiOptions & { readonly role?: User['role']; readonly disable?: boolean; readonly enable?: boolean },
): Promise<void> {
  await withApi(options, async (client) => {
    const params = { id };
    const { version } = await client.call('GET /api/v2/users/{id}', { params });
    const body = {
      ...(role === undefined ? {} : { role }),
      ...(disable || enable ? { disabled: disable === true } : {}),
    };
    const { body: changed } = await client.call('PATCH /api/v2/users/{id}', {
      params,
      body,
      ifMatch: version ?? 'any',
    });
    say(options, changed, () => `${changed.email}  ${changed.role}  ${changed.disabled ? 'disabled' : 'good'}`);
  });
}
