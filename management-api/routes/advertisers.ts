import Type, { type Static } from 'typebox';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { audit } from '../audit.ts';
import { sameVersion } from '../campaigns/change.ts';
import { limits } from '../limits.ts';
import { pageByName, pageOf, pageQuery, placeOf } from '../pages.ts';
import { route } from '../route.ts';
import { byId, closed, name, uuid } from '../shapes.ts';

const tag = 'advertisers';

const advertiser = Type.Object({
  id: uuid(),
  version: Type.Integer(),
  name: Type.String(),
  created_at: Type.String(),
  updated_at: Type.String(),
});

const fields = closed({ name: name() });

interface Row {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export const advertiserRoutes = [
  route({
    method: 'POST',
    path: '/api/v2/advertisers',
    tag,
    summary: 'Create an advertiser',
    scope: 'campaigns:write',
    body: fields,
    answer: advertiser,
    status: 201,
    handle: (ask, { clock, random }) =>
      ask.write(async (sql) => {
        const { rows } = await sql.query<Row>('INSERT INTO advertisers (id, name) VALUES ($1, $2) RETURNING *', [
          random.uuid(),
          ask.body.name,
        ]);
        const body = shown(rows[0]);
        const { actor } = ask.caller;
        const change = { at: clock.now(), actor, resource: 'advertiser', id: body.id };
        await audit(sql, { ...change, action: 'create', before: null, after: body });
        return { body, version: body.version, location: `/api/v2/advertisers/${body.id}` };
      }),
  }),

  route({
    method: 'GET',
    path: '/api/v2/advertisers',
    tag,
    summary: 'List advertisers, by name',
    scope: 'campaigns:read',
    query: closed(pageQuery),
    answer: pageOf(advertiser),
    handle: async (ask) => {
      const limit = ask.query.limit ?? limits.pageItems;
      const place = placeOf('advertisers', ask.query.cursor);
      const { rows } = await ask.read((sql) =>
        sql.query<Row>(
          `SELECT * FROM advertisers WHERE $1::text IS NULL OR (name, id) > ($1, $2::uuid) ORDER BY name, id LIMIT $3`,
          [place?.value ?? null, place?.id ?? null, limit + 1],
        ),
      );
      return { body: pageByName('advertisers', rows, limit, shown) };
    },
  }),

  route({
    method: 'GET',
    path: '/api/v2/advertisers/:id',
    tag,
    summary: 'Read an advertiser',
    scope: 'campaigns:read',
    params: byId,
    answer: advertiser,
    handle: async (ask) => {
      const body = await ask.read((sql) => advertiserOf(sql, ask.params.id), 'fresh');
      return { body, version: body.version };
    },
  }),

  route({
    method: 'PATCH',
    path: '/api/v2/advertisers/:id',
    tag,
    summary: 'Rename an advertiser',
    scope: 'campaigns:write',
    params: byId,
    body: fields,
    answer: advertiser,
    versioned: true,
    handle: (ask, { clock }) =>
      ask.write(async (sql) => {
        const before = await advertiserOf(sql, ask.params.id);
        sameVersion(ask.ifMatch, before.version);
        const { rows } = await sql.query<Row>(
          'UPDATE advertisers SET name = $2, version = version + 1, updated_at = NOW() WHERE id = $1 RETURNING *',
          [before.id, ask.body.name],
        );
        const body = shown(rows[0]);
        // Campaign documents carry the name.
        const carrying = await sql.query<{ id: string }>('SELECT id FROM campaigns WHERE advertiser_id = $1', [
          before.id,
        ]);
        await sql.announceCampaigns(carrying.rows.map(({ id }) => id));
        const { actor } = ask.caller;
        const change = { at: clock.now(), actor, resource: 'advertiser', id: body.id };
        await audit(sql, { ...change, action: 'update', before, after: body });
        return { body, version: body.version };
      }),
  }),

  route({
    method: 'DELETE',
    path: '/api/v2/advertisers/:id',
    tag,
    summary: 'Delete an advertiser without campaigns',
    scope: 'campaigns:write',
    params: byId,
    versioned: true,
    refuses: [409],
    handle: (ask, { clock }) =>
      ask.write(async (sql) => {
        const before = await advertiserOf(sql, ask.params.id);
        sameVersion(ask.ifMatch, before.version);
        const gone = await sql.query(
          'DELETE FROM advertisers WHERE id = $1 AND NOT EXISTS (SELECT FROM campaigns WHERE advertiser_id = $1)',
          [before.id],
        );
        if (gone.count === 0) throw new Problem(409, 'In use', 'the advertiser has campaigns');
        const { actor } = ask.caller;
        const change = { at: clock.now(), actor, resource: 'advertiser', id: before.id };
        await audit(sql, { ...change, action: 'delete', before, after: null });
        return {};
      }),
  }),
];

async function advertiserOf(sql: DeskTransaction, id: string): Promise<Static<typeof advertiser>> {
  const { rows } = await sql.query<Row>('SELECT * FROM advertisers WHERE id = $1', [id]);
  if (rows[0]) return shown(rows[0]);
  throw new Problem(404, 'Not found', `there is no advertiser ${id}`);
}

function shown(row: Row | undefined): Static<typeof advertiser> {
  if (!row) throw new Error('a statement that returns its row returned none');
  return {
    id: row.id,
    version: Number(row.version),
    name: row.name,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
