import Type, { type Static } from 'typebox';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import type { ViewerSuppressions } from '../../engines/catalog/viewer-suppressions.ts';
import { Problem } from '../../engines/http/problem.ts';
import { audit } from '../audit.ts';
import { ROWS_AFTER_MS } from '../erase-due.ts';
import type { ManagementParts } from '../parts.ts';
import { route } from '../route.ts';
import { closed, oneOf, orNull, uuid } from '../shapes.ts';
import { eraseViewer, showViewer, type ViewerParts, viewerId, viewerScopes } from '../viewers.ts';

const tag = 'viewers';

/** In bodies alone: what stands in a URL stands in logs. */
const viewer = closed({
  scope: oneOf(...viewerScopes),
  id: Type.String({ minLength: 1, maxLength: 512, description: 'as requests say it, not its pseudonym' }),
});

const count = () =>
  orNull(Type.Integer({ description: 'null: longer than any window by which the views of the campaign are kept' }));
const reset = () =>
  orNull(
    Type.String({ description: 'when the oldest view leaves the window; null: none is in it, or its count is null' }),
  );

const viewing = Type.Object({
  campaign_id: uuid(),
  creative_id: uuid(),
  impressions_count: Type.Integer({
    description: 'all that is remembered: of a lifetime, or of the longest window that a cap has',
  }),
  minute_count: count(),
  hour_count: count(),
  day_count: count(),
  week_count: count(),
  month_count: count(),
  reset_hour_at: reset(),
  reset_day_at: reset(),
  reset_week_at: reset(),
  reset_month_at: reset(),
  held: Type.Integer({ description: 'served and not seen yet' }),
  last_impression_at: orNull(Type.String()),
});

const shown = Type.Object({
  scope: oneOf(...viewerScopes),
  pseudonym: orNull(Type.String({ description: 'told to the default organisation alone' })),
  erased_at: orNull(Type.String({ description: 'told to the default organisation alone' })),
  viewings: Type.Array(viewing, { description: 'of your campaigns; to the default organisation of all' }),
});

const erased = Type.Object({
  scope: oneOf(...viewerScopes),
  erased_at: Type.String(),
  forgotten: Type.Integer({ description: 'places under caps, seen and held' }),
  rows_after: Type.String({ description: "the warehouse's rows are made nobody's soon after" }),
});

export const viewerRoutes = [
  route({
    method: 'POST',
    path: '/api/v2/viewers/show',
    tag,
    summary: 'What a viewer has seen of your campaigns, with the counts of every window',
    scope: 'viewers:read',
    body: viewer,
    answer: shown,
    toldOnce: true,
    handle: async (ask, parts) => {
      const { scope, id } = whom(ask.body);
      const { hash, erased_at, viewings } = await showViewer(scope, id, viewersOf(parts));
      return await ask.write(async (sql) => {
        const change = { at: parts.clock.now(), actor: ask.caller.actor, resource: 'viewer', id: parts.random.uuid() };
        await audit(sql, { ...change, action: 'read', before: null, after: { scope } });
        if (ask.caller.organisation === HOUSE_ORGANISATION) {
          return { body: { scope, pseudonym: hash, erased_at, viewings: [...viewings] } };
        }
        const own = await ownOf(sql, viewings);
        return { body: { scope, pseudonym: null, erased_at: null, viewings: own } };
      });
    },
  }),

  route({
    method: 'POST',
    path: '/api/v2/viewers/erase',
    tag,
    summary:
      'Forget a viewer: under caps at once, in the rows of the warehouse within a minute; repeating it is harmless',
    scope: 'viewers:erase',
    body: viewer,
    answer: erased,
    status: 202,
    toldOnce: true,
    handle: async (ask, parts) => {
      const { scope, id } = whom(ask.body);
      if (ask.caller.organisation !== HOUSE_ORGANISATION) {
        const detail = 'a viewer is erased for all organisations at once: only the house’s default organisation does';
        throw new Problem(403, 'Not of one organisation', detail);
      }
      const by = { random: parts.random, actor: ask.caller.actor };
      const { forgotten, erasedAt } = await eraseViewer(scope, id, { ...viewersOf(parts), ...by });
      const at = (moment: number) => new Date(moment).toISOString();
      return { body: { scope, erased_at: at(erasedAt), forgotten, rows_after: at(erasedAt + ROWS_AFTER_MS) } };
    },
  }),
];

/** Throws Problem 422 where no request can have named anybody so. */
function whom({ scope, id: said }: Static<typeof viewer>): Static<typeof viewer> {
  const id = viewerId(scope, said);
  if (id !== null) return { scope, id };
  throw new Problem(422, 'No address', 'with the scope ip, an id is an address, with or without a port', [
    { pointer: '/id', detail: 'is no address' },
  ]);
}

/** Throws Problem 503 where this process cannot know viewers. */
function viewersOf({
  viewers,
  analytics,
  clock,
}: ManagementParts): ViewerParts & { readonly suppressions: ViewerSuppressions } {
  if (viewers === null || analytics === null) {
    throw new Problem(503, 'No viewers', 'this process was started without a state store, or without a warehouse');
  }
  const { pepper, peppersBefore } = viewers.peppers();
  if (pepper === '') throw new Problem(503, 'No viewers', 'this process was started without a pepper');
  return { store: analytics.store, clock, pepper, peppersBefore, suppressions: viewers.suppressions };
}

/** By row-level security: campaigns of others, those that are gone too, are not there. */
async function ownOf(sql: DeskTransaction, viewings: readonly Static<typeof viewing>[]) {
  const { rows } = await sql.query<{ id: string }>(
    `SELECT id FROM owned_names WHERE kind = 'campaign' AND id = ANY ($1::uuid[])`,
    [viewings.map(({ campaign_id }) => campaign_id)],
  );
  const own = new Set(rows.map(({ id }) => id));
  return viewings.filter(({ campaign_id }) => own.has(campaign_id));
}
