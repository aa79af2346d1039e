import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiProblem, Client } from '../../client/client.ts';
import { checkerOf } from '../../management-api/check.ts';
import { clientTypes, type Document } from '../../management-api/client-types.ts';
import { describeManagement } from '../../management-api/describe.ts';
import { routes } from '../../management-api/routes/index.ts';
import { openTestDesk, type TestDesk } from '../../management-api/test-desk.ts';

interface Media {
  readonly example?: unknown;
  readonly schema?: { readonly examples?: readonly unknown[] };
}

interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
  readonly security?: readonly unknown[];
}

const exampleOf = ({ example, schema }: Media) => example ?? schema?.examples?.[0];

const document = (await describeManagement()) as Document & {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
);

test('the client is made of the document as it is now; else: npm run client', () => {
  expect(readFileSync(new URL('../../client/operations.ts', import.meta.url), 'utf8')).toBe(clientTypes(document));
});

describe('the OpenAPI document', () => {
  test('is 3.1 and holds every route', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(operations.map(({ name }) => name).sort()).toEqual(
      routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`).sort(),
    );
  });

  test('shows an example of every body and every answer, and every refusal as a problem', () => {
    const lacking = operations.flatMap(({ name, operation }) => {
      const bodies = Object.values(operation.requestBody?.content ?? {});
      const answers = Object.entries(operation.responses).map(([status, { content }]) => ({ status, content }));
      const done = answers
        .filter(({ status }) => status.startsWith('2'))
        .flatMap(({ content }) => Object.values(content ?? {}));
      const refused = answers.filter(({ status }) => /^[45]/.test(status));
      return [
        ...[...bodies, ...done].filter((media) => exampleOf(media) === undefined).map(() => `${name}: no example`),
        ...refused
          .filter(({ content }) => exampleOf(content?.['application/problem+json'] ?? {}) === undefined)
          .map(({ status }) => `${name} ${status}: no problem`),
        ...['400', '429', '503']
          .filter((status) => !operation.responses[status])
          .map((status) => `${name}: not ${status}`),
      ];
    });
    expect(lacking).toEqual([]);
  });

  test('shows bodies that its own checks allow', () => {
    const refused = routes.flatMap((route) => {
      if (!route.body) return [];
      const path = route.path.replace(/:(\w+)/g, '{$1}');
      const operation = document.paths[path]?.[route.method.toLowerCase()];
      const [media] = Object.values(operation?.requestBody?.content ?? {});
      const checked = checkerOf(route.body, false)(exampleOf(media ?? {}));
      return 'wrong' in checked ? [`${route.method} ${path}: ${JSON.stringify(checked.wrong)}`] : [];
    });
    expect(refused).toEqual([]);
  });
});

describe('the client', () => {
  let desk: TestDesk;
  let client: Client;

  beforeAll(async () => {
    desk = await openTestDesk();
    const key = await desk.key(await desk.organisation('Ours'), 'admin');
    client = new Client({ url: await desk.app.listen({ host: '127.0.0.1', port: 0 }), key });
  });

  afterAll(() => desk?.close());

  test('creates, reads, changes and lists, with versions and repeats', async () => {
    const advertiser = await client.call('POST /api/v2/advertisers', { body: { name: 'Acme' }, idempotencyKey: 'one' });
    const again = await client.call('POST /api/v2/advertisers', { body: { name: 'Acme' }, idempotencyKey: 'one' });
    expect(again).toEqual(advertiser);
    const made = await client.call('POST /api/v2/campaigns', {
      body: {
        name: 'Spring',
        advertiser_id: advertiser.body.id,
        starts_at: '2026-12-01T00:00:00Z',
        ends_at: '2026-12-31T00:00:00Z',
        pricing: { model: 'cpm', rate_micros: 12_000_000 },
      },
    });
    expect(made).toMatchObject({ status: 201, version: 1, location: `/api/v2/campaigns/${made.body.id}` });
    const params = { id: made.body.id };
    const changed = await client.call('PATCH /api/v2/campaigns/{id}', { params, body: { name: 'Summer' }, ifMatch: 1 });
    expect(changed.version).toBe(2);
    const listed = await client.call('GET /api/v2/campaigns', { query: { name: 'summer', limit: 1 } });
    expect(listed.body.items.map(({ name }) => name)).toEqual(['Summer']);
    expect((await client.call('GET /api/v2/campaigns/export', {})).body).toContain('"Summer"');
  });

  test('tells a refusal with its places', async () => {
    const refused = client.call('POST /api/v2/pods', {
      body: { name: 'x', duration_seconds: 30, min_ads: 9, max_ads: 1 },
    });
    await expect(refused).rejects.toThrow(ApiProblem);
    await expect(refused).rejects.toMatchObject({ status: 422, errors: [{ pointer: '/min_ads' }] });
  });

  test('the reference page stands on its own: nothing that it loads comes from elsewhere', async () => {
    const page = await desk.app.inject({ method: 'GET', url: '/api/v2/docs/' });
    expect(page.statusCode).toBe(200);
    const loaded = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, at]) => at ?? '');
    expect(loaded.length).toBeGreaterThan(2);
    for (const at of loaded) {
      expect(at).not.toMatch(/^(https?:)?\/\//);
      const found = await desk.app.inject({ method: 'GET', url: new URL(at, 'http://x/api/v2/docs/').pathname });
      expect(found.statusCode, at).toBe(200);
    }
  });
});
