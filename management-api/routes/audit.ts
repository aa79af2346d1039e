import Type from 'typebox';
import { actions, hashOf } from '../audit.ts';
import { limits } from '../limits.ts';
import { cursorOf, pageOf, pageQuery, placeOf } from '../pages.ts';
import { route } from '../route.ts';
import { closed, oneOf, orNull } from '../shapes.ts';
import { verifyChain } from '../verify-audit.ts';

const tag = 'audit';
const hash = Type.String({ pattern: '^[0-9a-fA-F]{64}$', description: 'SHA-256 over the hash before and the entry' });

const entry = Type.Object({
  sequence: Type.Integer(),
  at: Type.String(),
  actor: Type.String({ description: 'user:<id>, key:<id>, or system' }),
  action: oneOf(...actions),
  resource: Type.String(),
  resource_id: Type.String(),
  before: Type.Unknown(),
  after: Type.Unknown(),
  hash,
});

interface Row {
  readonly sequence: string;
  readonly entry: string;
  readonly previous: Buffer;
  readonly hash: Buffer;
}

export const auditRoutes = [
  route({
    method: 'GET',
    path: '/api/v2/audit',
    tag,
    summary: 'What was changed by whom, the newest first; `intact` says whether the chain of hashes of this page holds',
    scope: 'audit:read',
    query: closed({
      ...pageQuery,
      resource: Type.Optional(Type.String({ maxLength: 64 })),
      resource_id: Type.Optional(Type.String({ maxLength: 64 })),
      actor: Type.Optional(Type.String({ maxLength: 64 })),
      action: Type.Optional(oneOf(...actions)),
    }),
    answer: pageOf(entry, { intact: Type.Boolean() }),
    handle: async (ask) => {
      const {
        limit = limits.pageItems,
        resource = null,
        resource_id: id = null,
        actor = null,
        action = null,
      } = ask.query;
      const place = placeOf('audit', ask.query.cursor, (value) => /^\d{1,15}$/.test(value));
      const { rows } = await ask.read((sql) =>
        sql.query<Row>(
          `SELECT sequence, entry, previous, hash FROM audit_log
           WHERE ($1::bigint IS NULL OR sequence < $1) AND ($2::text IS NULL OR resource = $2)
             AND ($3::text IS NULL OR resource_id = $3) AND ($4::text IS NULL OR actor = $4)
             AND ($5::text IS NULL OR action = $5)
           ORDER BY sequence DESC LIMIT $6`,
          [place?.value ?? null, resource, id, actor, action, limit + 1],
        ),
      );
      const page = rows.slice(0, limit);
      const last = rows.length > limit ? page.at(-1) : undefined;
      return {
        body: {
          items: page.map((row) => ({ ...JSON.parse(row.entry), hash: row.hash.toString('hex') })),
          next_cursor: last ? cursorOf('audit', { value: last.sequence, id: last.sequence }) : null,
          intact: page.every((row, index) => isIntact(row, page[index + 1])),
        },
      };
    },
  }),

  route({
    method: 'GET',
    path: '/api/v2/audit/verify',
    tag,
    summary: 'Walk the whole chain of hashes; with an entry that you noted earlier, also whether it is still in it',
    scope: 'audit:read',
    query: closed({
      known_sequence: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 53 - 1 })),
      known_hash: Type.Optional(hash),
    }),
    answer: Type.Object({
      intact: Type.Boolean(),
      entries: Type.Integer(),
      head: orNull(Type.Object({ sequence: Type.Integer(), hash })),
      broken: orNull(Type.Object({ sequence: Type.Integer(), why: Type.String() })),
    }),
    handle: async (ask) => {
      const { known_sequence: sequence, known_hash: noted } = ask.query;
      const known = sequence !== undefined && noted !== undefined ? { sequence, hash: noted } : null;
      return { body: await ask.read((sql) => verifyChain(sql, known), 'fresh') };
    },
  }),
];

/** The hash is of the text, and where the entry before stands next in the page, it is the one that is followed. */
function isIntact(row: Row, older: Row | undefined): boolean {
  const follows =
    older === undefined || Number(older.sequence) !== Number(row.sequence) - 1 || older.hash.equals(row.previous);
  return follows && hashOf(row.previous, row.entry).equals(row.hash);
}
