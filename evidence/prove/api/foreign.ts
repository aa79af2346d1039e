import { type Role, roles } from '../../../management-api/access/roles.ts';
import { type Answered, ask, type Sent, told } from './ask.ts';
import type { Operation } from './document.ts';
import type { Draw } from './draw.ts';
import { kindOf, type Pool } from './pool.ts';
import type { Values } from './values.ts';

export interface ForeignCounts {
  attempts: number;
  notFound: number;
  /** Refused for a scope that the role has not, as for an id that never was. */
  scope: number;
  references: number;
}

interface Between {
  readonly url: string;
  readonly keys: Readonly<Record<Role, string>>;
  readonly operations: readonly Operation[];
  /** What the other organisation has. */
  readonly theirs: Pool;
  readonly values: Values;
  readonly draw: Draw;
}

const BODIES_MOST = 200;

/** Every route with an id, by every role, with the id of a thing of the other organisation. Answers what went wrong. */
export async function tryForeign(between: Between, counts: ForeignCounts): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const operation of between.operations) {
    const kind = kindOf(operation.path);
    if (kind === null) continue;
    if (!between.theirs.has(kind)) {
      wrong.push(`nothing foreign to try ${operation.method} ${operation.path} with`);
      continue;
    }
    for (const role of roles) {
      let sent = requestOf(between, operation, role, between.theirs.any(kind));
      let answer = await ask(between.url, sent);
      // A body that is refused by itself says nothing about the id: another is sent.
      for (let more = 0; more < BODIES_MOST && [400, 422].includes(answer.status); more++) {
        sent = requestOf(between, operation, role, between.theirs.any(kind));
        answer = await ask(between.url, sent);
      }
      const never = await ask(between.url, { ...sent, path: sent.path.replace(/[0-9a-f-]{36}/, between.draw.uuid()) });
      counts.attempts++;
      const verdict = judge(answer, never);
      if (verdict === 'scope') counts.scope++;
      else if (verdict === 'not found') counts.notFound++;
      else
        wrong.push(`${role}: ${told(sent)} -> ${answer.status} ${answer.text.slice(0, 300)}; never: ${never.status}`);
    }
  }
  return wrong;
}

function requestOf({ keys, values, theirs }: Between, operation: Operation, role: Role, id: string): Sent {
  const { method, path, body, bodyType } = operation;
  const target = path.replace('{id}', id).replace('{ruleId}', theirs.any('rules'));
  return {
    method,
    path: target,
    headers: {
      authorization: `Bearer ${keys[role]}`,
      'if-match': '*',
      ...(body === null ? {} : { 'content-type': bodyType }),
    },
    body: body === null ? null : JSON.stringify(values.body(body, path)),
  };
}

/** An answer to a foreign id must be the answer to an id that never was: 404, or 403 before any id is looked at. */
function judge(answer: Answered, never: Answered): 'not found' | 'scope' | 'wrong' {
  if (answer.status !== never.status) return 'wrong';
  if (answer.status === 404) return 'not found';
  return answer.status === 403 && /scope/.test(answer.text) ? 'scope' : 'wrong';
}

/** Ids of the other organisation inside bodies and queries. */
export async function tryReferences(
  { url, keys, theirs, draw }: Between,
  counts: ForeignCounts,
): Promise<readonly string[]> {
  const send = (method: string, path: string, body: unknown, ok: readonly number[]) => ({ method, path, body, ok });
  // Of those that were drawn, one may have gone, by itself or with its parent.
  const make = async (path: string, body: object): Promise<string> => {
    const headers = { authorization: `Bearer ${keys.admin}`, 'content-type': 'application/json' };
    const made = await ask(url, { method: 'POST', path, headers, body: JSON.stringify(body) });
    if (made.status !== 201) throw new Error(`POST ${path} -> ${made.status} ${made.text.slice(0, 300)}`);
    return (JSON.parse(made.text) as { readonly id: string }).id;
  };
  const category = await make('/api/v2/categories', { name: `Own ${draw.uuid()}` });
  const advertiser = await make('/api/v2/advertisers', { name: `Own ${draw.uuid()}` });
  const flight = {
    name: 'Borrowed',
    starts_at: '2026-01-01T00:00:00Z',
    ends_at: '2026-02-01T00:00:00Z',
    pricing: { model: 'cpm', rate_micros: 1_000_000 },
  };
  const campaign = await make('/api/v2/campaigns', { ...flight, advertiser_id: advertiser });
  const cap = { scope: 'user', window: 'day', max_impressions: 1, creative_id: theirs.any('creatives') };
  const cases = [
    send('POST', '/api/v2/campaigns', { ...flight, advertiser_id: theirs.any('advertisers') }, [422]),
    send('PATCH', `/api/v2/campaigns/${campaign}`, { advertiser_id: theirs.any('advertisers') }, [422]),
    send('POST', `/api/v2/campaigns/${campaign}/categories`, { category_ids: [theirs.any('categories')] }, [422]),
    send('POST', '/api/v2/categories', { name: 'Below', parent_category_id: theirs.any('categories') }, [422]),
    send('PATCH', `/api/v2/categories/${category}`, { parent_category_id: theirs.any('categories') }, [422]),
    send('POST', `/api/v2/campaigns/${campaign}/frequency-cap`, cap, [422]),
    send('DELETE', `/api/v2/campaigns/${campaign}/targeting/${theirs.any('rules')}`, null, [404]),
    send('GET', `/api/v2/campaigns?advertiser_id=${theirs.any('advertisers')}`, null, [200]),
    send('GET', `/api/v2/campaigns?category_id=${theirs.any('categories')}`, null, [200]),
    send('GET', `/api/v2/campaigns/export?advertiser_id=${theirs.any('advertisers')}`, null, [200]),
    send('GET', `/api/v2/audit?resource_id=${theirs.any('campaigns')}`, null, [200]),
    send('GET', `/api/v2/categories/tree?under=${theirs.any('categories')}`, null, [404]),
  ];
  const wrong: string[] = [];
  for (const { method, path, body, ok } of cases) {
    const sent = {
      method,
      path,
      headers: { authorization: `Bearer ${keys.admin}`, 'if-match': '*', 'content-type': 'application/json' },
      body: body === null ? null : JSON.stringify(body),
    };
    const answer = await ask(url, sent);
    counts.references++;
    const isEmpty = answer.text === '' || /"items":\[\]/.test(answer.text);
    if (!ok.includes(answer.status) || (answer.status === 200 && !isEmpty)) {
      wrong.push(`${told(sent)} -> ${answer.status} ${answer.text.slice(0, 300)}`);
    }
  }
  return wrong;
}
