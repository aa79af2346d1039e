import { type Answered, ask, type Sent } from './ask.ts';
import type { Operation } from './document.ts';
import type { Draw } from './draw.ts';
import { kindMade, kindOf, type Pool } from './pool.ts';
import type { Values } from './values.ts';

/** Makes requests that the document allows, with ids and versions that are there. */
export class Lawful {
  readonly #url: string;
  readonly #key: string;
  /** What only a user may ask, a key may not. */
  readonly #session: string;
  readonly #draw: Draw;
  readonly #pool: Pool;
  readonly #values: Values;

  constructor(url: string, { key, session }: { key: string; session: string }, draw: Draw, pool: Pool, values: Values) {
    this.#url = url;
    this.#key = key;
    this.#session = session;
    this.#draw = draw;
    this.#pool = pool;
    this.#values = values;
  }

  async request(operation: Operation): Promise<Sent> {
    const { method, path, parameters, body, bodyType } = operation;
    const takesKey = parameters.some((each) => each.in === 'header' && each.name === 'Idempotency-Key');
    const kind = kindOf(path);
    const id = kind === null ? '' : this.#pool.any(kind);
    let target = path.replace('{id}', id);
    if (target.includes('{ruleId}')) target = target.replace('{ruleId}', await this.#ruleOf(id));
    target = target.replace(/\{[^}]+\}/g, () => this.#draw.uuid());
    const query = parameters.filter((each) => each.in === 'query' && (each.required || this.#draw.chance(25)));
    const asked = query.map(({ name, schema }) => {
      const value = name === 'cursor' ? (this.#pool.cursors.get(path) ?? null) : this.#values.query(schema, name);
      return value === null ? '' : `${name}=${encodeURIComponent(value)}`;
    });
    // A cursor fits one order of one list.
    const text = asked.some((one) => one.startsWith('cursor='))
      ? asked.filter((one) => one.startsWith('cursor='))
      : asked;
    const search = text.filter((one) => one !== '').join('&');
    return {
      method,
      path: search === '' ? target : `${target}?${search}`,
      headers: {
        authorization: `Bearer ${path.endsWith('/auth/profile') ? this.#session : this.#key}`,
        ...(body === null ? {} : { 'content-type': bodyType }),
        ...(await this.#versionFor(operation, target)),
        ...(takesKey && this.#draw.chance(10) ? { 'idempotency-key': this.#draw.uuid() } : {}),
      },
      body: body === null ? null : this.#textOf(operation, body),
    };
  }

  #textOf({ path, bodyType }: Operation, schema: NonNullable<Operation['body']>): string {
    const one = () => JSON.stringify(this.#values.body(schema, path));
    return bodyType.includes('ndjson') ? `${one()}\n${one()}\n` : one();
  }

  async #versionFor({ statuses }: Operation, target: string): Promise<Record<string, string>> {
    if (!statuses.includes(428)) return {};
    if (this.#draw.chance(40)) return { 'if-match': '*' };
    const { etag } = await ask(this.#url, {
      method: 'GET',
      path: target,
      headers: { authorization: `Bearer ${this.#key}` },
      body: null,
    });
    return { 'if-match': etag ?? '*' };
  }

  async #ruleOf(campaign: string): Promise<string> {
    const answer = await ask(this.#url, {
      method: 'GET',
      path: `/api/v2/campaigns/${campaign}/targeting`,
      headers: { authorization: `Bearer ${this.#key}` },
      body: null,
    });
    const { rules = [] } = (answer.status === 200 ? JSON.parse(answer.text) : {}) as {
      rules?: readonly { id: string }[];
    };
    return rules.length === 0 ? this.#draw.uuid() : this.#draw.of(rules).id;
  }

  /** Remembers what an answer made or took away, and where a list goes on. */
  learn({ path, method }: Operation, sent: Sent, { status, text }: Answered): void {
    if (status < 200 || status > 299) return;
    const kind = kindOf(path);
    if (method === 'DELETE' && kind !== null && path.endsWith('{id}')) {
      this.#pool.remove(kind, sent.path.split('/').at(-1) ?? '');
    }
    if (text === '' || !text.startsWith('{')) return;
    const body = JSON.parse(text.split('\n')[0] ?? '{}') as { id?: unknown; next_cursor?: unknown };
    if (method === 'POST' && typeof body.id === 'string') this.#pool.add(kindMade(path), body.id);
    if (typeof body.next_cursor === 'string' && !sent.path.includes('sort='))
      this.#pool.cursors.set(path, body.next_cursor);
  }
}
