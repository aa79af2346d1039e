import Type from 'typebox';
import { hashOf } from '../audit.ts';
import { limits } from '../limits.ts';
import { route } from '../route.ts';
import { closed, uuid } from '../shapes.ts';

const entry = Type.Object({
  sequence: Type.Integer(),
  at: Type.String(),
  actor: Type.String({ description: 'user:<id>, key:<id>, or system' }),
  action: Type.String(),
  resource: Type.String(),
  resource_id: Type.String(),
  before: Type.Unknown(),
  after: Type.Unknown(),
  hash: Type.String({ description: 'SHA-256 over the hash before and the entry, hexadecimal' }),
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
    tag: 'audit',
    summary: 'What was changed by whom, the newest first; `intact` says whether the chain of hashes of this page holds',
    scope: 'audit:read',
    query: closed({
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.pageItemsMax })),
      before: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 2 ** 53 - 1, description: 'entries below this sequence' }),
      ),
      resource: Type.Optional(Type.String({ maxLength: 64 })),
      resource_id: Type.Optional(uuid()),
    }),
    answer: Type.Object({
      items: Type.Array(entry),
      next_before: Type.Union([Type.Integer(), Type.Null()]),
      intact: Type.Boolean(),
    }),
    handle: async (ask) => {
      const limit = ask.query.limit ?? limits.pageItems;
      const { rows } = await ask.read((sql) =>
        sql.query<Row>(
          `SELECT sequence, entry, previous, hash FROM audit_log
           WHERE ($1::bigint IS NULL OR sequence < $1) AND ($2::text IS NULL OR resource = $2)
             AND ($3::text IS NULL OR resource_id = $3)
           ORDER BY sequence DESC LIMIT $4`,
          [
            ask.query.before ?? null,
            ask.query.resource ?? null,
            ask.query.resource_id?.toLowerCase() ?? null,
            limit + 1,
          ],
        ),
      );
      const page = rows.slice(0, limit);
      return {
        body: {
          items: page.map((row) => ({ ...JSON.parse(row.entry), hash: row.hash.toString('hex') })),
          next_before: rows.length > limit ? Number(page.at(-1)?.sequence) : null,
          intact: page.every((row, index) => isIntact(row, page[index + 1])),
        },
      };
    },
  }),
];

/** The hash is of the text, and where the entry before stands next in the page, it is the one that is followed. */
function isIntact(row: Row, older: Row | undefined): boolean {
  const follows =
    older === undefined || Number(older.sequence) !== Number(row.sequence) - 1 || older.hash.equals(row.previous);
  return follows && hashOf(row.previous, row.entry).equals(row.hash);
}
