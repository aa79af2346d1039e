import Type, { type Static } from 'typebox';
import type { Unwrapped } from '../../domain/creative.ts';
import { asServed, isUnwrapped } from '../../domain/unwrapped.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { audit } from '../audit.ts';
import { route } from '../route.ts';
import { byId, oneOf, orNull, uuid } from '../shapes.ts';
import { creativeOf } from './creatives.ts';

const tag = 'creatives';
const time = () => orNull(Type.String({ format: 'date-time' }));

const unwrapAnswer = Type.Object({
  creative_id: uuid(),
  state: oneOf('off', 'waiting', 'served', 'failed'),
  fault: orNull(Type.String({ description: 'of the last try' })),
  failures: Type.Integer({ description: 'in a row' }),
  unwrapped_at: time(),
  usable_until: time(),
  tried_at: time(),
  next_try_at: time(),
  wrappers: orNull(Type.Integer()),
  media: Type.Array(Type.Object({ url: Type.String(), type: Type.String() })),
  trackers: Type.Array(Type.Object({ event: Type.String(), url: Type.String() }), {
    description: "in the order in which players call them: the creative's own, the outermost wrapper's, the ad's",
  }),
  left_out: Type.Array(Type.String(), { description: 'events that players cannot be told of' }),
});

interface TagRow {
  readonly document: Unwrapped | null;
  readonly usable_until: Date | null;
  readonly unwrapped_at: Date | null;
  readonly tried_at: Date | null;
  readonly next_try_at: Date;
  readonly failures: number;
  readonly fault: string | null;
  readonly left_out: readonly string[];
}

async function shownTag(sql: DeskTransaction, id: string): Promise<Static<typeof unwrapAnswer>> {
  const { creative } = await creativeOf(sql, id);
  const { rows } = await sql.query<TagRow>('SELECT * FROM unwrapped_tags WHERE creative_id = $1', [id]);
  const [row] = rows;
  const whole = row?.document ? { ...creative, unwrapped: row.document } : creative;
  const served = isUnwrapped(whole);
  const { media, trackers = [] } = asServed(whole);
  const at = (moment: Date | null | undefined) => moment?.toISOString() ?? null;
  const waits = row?.fault ? ('failed' as const) : ('waiting' as const);
  return {
    creative_id: creative.id,
    state: creative.unwrap !== true ? 'off' : served ? 'served' : waits,
    fault: row?.fault ?? null,
    failures: row?.failures ?? 0,
    unwrapped_at: at(row?.unwrapped_at),
    usable_until: at(row?.usable_until),
    tried_at: at(row?.tried_at),
    next_try_at: at(row?.next_try_at),
    wrappers: served ? (row?.document?.wrappers ?? null) : null,
    media: media.map(({ url, type }) => ({ url, type })),
    trackers: trackers.map(({ event, url }) => ({ event, url })),
    left_out: [...(row?.left_out ?? [])],
  };
}

export const unwrapRoutes = [
  route({
    method: 'GET',
    path: '/api/v2/creatives/:id/unwrap',
    tag,
    summary: "Read what a creative's third-party tag led to when it was last followed",
    scope: 'campaigns:read',
    params: byId,
    answer: unwrapAnswer,
    handle: async (ask) => ({ body: await ask.read((sql) => shownTag(sql, ask.params.id), 'fresh') }),
  }),

  route({
    method: 'POST',
    path: '/api/v2/creatives/:id/unwrap',
    tag,
    summary: "Follow a creative's tag anew, within seconds",
    scope: 'campaigns:write',
    params: byId,
    answer: unwrapAnswer,
    status: 202,
    refuses: [409],
    handle: (ask, { clock }) =>
      ask.write(async (sql) => {
        const { creative } = await creativeOf(sql, ask.params.id);
        if (creative.unwrap !== true)
          throw new Problem(409, 'Not unwrapped', 'the creative does not ask for it: set unwrap');
        const now = new Date(clock.now());
        await sql.query('UPDATE unwrapped_tags SET next_try_at = LEAST(next_try_at, $2) WHERE creative_id = $1', [
          creative.id,
          now,
        ]);
        await audit(sql, {
          at: now.getTime(),
          actor: ask.caller.actor,
          action: 'update',
          resource: 'creative',
          id: creative.id,
          before: null,
          after: { unwrap: 'now' },
        });
        return { body: await shownTag(sql, creative.id) };
      }),
  }),
];
