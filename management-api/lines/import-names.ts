import type { Campaign } from '../../domain/campaign.ts';
import type { DeskWrite } from '../../engines/catalog/desk.ts';
import type { Wrong } from '../../engines/http/problem.ts';
import type { Random } from '../../engines/random.ts';
import { created } from '../audit.ts';
import type { ManagementParts } from '../parts.ts';
import type { Ask } from '../route.ts';
import { categoriesOf } from '../routes/categories.ts';
import { heldElsewhere } from './import-ids.ts';
import type { WholeCampaign } from './whole-campaign.ts';

type Named = { readonly id: string; readonly name: string };
type Who = Pick<Ask<unknown, unknown, unknown>, 'caller'>;
type CategoryGiven = NonNullable<WholeCampaign['categories']>[number];

interface CategoryRow {
  readonly id: string;
  readonly parent: string | null;
  readonly own: boolean;
}

/** Finds what lines name, and makes what is not there; what was found is remembered over the lines. */
export class NamesOfImport {
  readonly #sql: DeskWrite;
  readonly #ask: Who;
  readonly #parts: Pick<ManagementParts, 'clock'> & { readonly random: Random };
  readonly #advertisers = new Map<string, Named>();
  readonly #categories = new Map<string, string>();
  readonly #lists = new Map<string, Campaign['categories']>();

  constructor(sql: DeskWrite, ask: Who, parts: ManagementParts) {
    this.#sql = sql;
    this.#ask = ask;
    this.#parts = parts;
  }

  /** Yours of the id, else yours of the name (the oldest), else a new one. */
  async advertiser({ id, name }: WholeCampaign['advertiser']): Promise<Named> {
    const key = JSON.stringify([id?.toLowerCase() ?? null, name]);
    const known =
      this.#advertisers.get(key) ?? (await this.#findAdvertiser(id, name)) ?? (await this.#newAdvertiser(id, name));
    this.#advertisers.set(key, known);
    return known;
  }

  async #findAdvertiser(id: string | undefined, name: string): Promise<Named | undefined> {
    const { rows } = await this.#sql.query<Named>(
      'SELECT id, name FROM advertisers WHERE id = $1 OR name = $2 ORDER BY id = $1 DESC NULLS LAST, created_at, id LIMIT 1',
      [id ?? null, name],
    );
    return rows[0];
  }

  async #newAdvertiser(id: string | undefined, name: string): Promise<Named> {
    const made = { id: await this.#freeId(id?.toLowerCase()), name };
    await this.#sql.query('INSERT INTO advertisers (id, name) VALUES ($1, $2)', [made.id, name]);
    await created(this.#ask, this.#parts, this.#sql, 'advertiser', made);
    return made;
  }

  /** The wanted id, unless it is or was somebody else's. */
  async #freeId(wanted: string | undefined): Promise<string> {
    if (wanted === undefined) return this.#parts.random.uuid();
    const isTaken = (await heldElsewhere(this.#sql, [wanted])).has(wanted);
    return isTaken ? this.#parts.random.uuid() : wanted;
  }

  /** As a campaign document has them, and what is wrong with some. */
  async categories(
    given: readonly CategoryGiven[],
  ): Promise<{ found: Campaign['categories']; wrong: readonly Wrong[] }> {
    const wrong: Wrong[] = [];
    const ids: string[] = [];
    for (const [index, one] of given.entries()) {
      const id = await this.#category(one);
      if (id === null)
        wrong.push({ pointer: `/categories/${index}/path`, detail: 'names a category that lies elsewhere' });
      else if (ids.includes(id)) wrong.push({ pointer: `/categories/${index}`, detail: 'is named twice' });
      else ids.push(id);
    }
    return { found: await this.#foundCategories(ids), wrong };
  }

  /** As documents have them; asked once for each list of ids. */
  async #foundCategories(ids: readonly string[]): Promise<Campaign['categories']> {
    const key = JSON.stringify(ids);
    const found = this.#lists.get(key) ?? (await categoriesOf(this.#sql, ids)).found;
    this.#lists.set(key, found);
    return found;
  }

  async #category({ id, path }: CategoryGiven): Promise<string | null> {
    const key = JSON.stringify([id ?? null, path]);
    const known = this.#categories.get(key);
    if (known !== undefined) return known;
    const found = (id !== undefined && (await this.#hasCategory(id)) ? id : null) ?? (await this.#byPath(path));
    if (found !== null) this.#categories.set(key, found);
    return found;
  }

  async #hasCategory(id: string): Promise<boolean> {
    return (await this.#sql.query('SELECT FROM competitive_categories WHERE id = $1', [id])).count > 0;
  }

  /** Null: a name on the way is one of yours at another place. */
  async #byPath(path: readonly string[]): Promise<string | null> {
    let above: string | null = null;
    for (const name of path) {
      const found: CategoryRow | undefined = await this.#named(name, above);
      if (found?.parent === above) above = found.id;
      else if (found?.own) return null;
      else above = await this.#newCategory(name, above);
    }
    return above;
  }

  async #named(name: string, above: string | null): Promise<CategoryRow | undefined> {
    const { rows } = await this.#sql.query<CategoryRow>(
      `SELECT id, parent_category_id AS parent, organisation_id IS NOT NULL AS own FROM competitive_categories
       WHERE name = $1 ORDER BY parent_category_id IS NOT DISTINCT FROM $2 DESC, id LIMIT 1`,
      [name, above],
    );
    return rows[0];
  }

  async #newCategory(name: string, parent: string | null): Promise<string> {
    const id = this.#parts.random.uuid();
    await this.#sql.query('INSERT INTO competitive_categories (id, name, parent_category_id) VALUES ($1, $2, $3)', [
      id,
      name,
      parent,
    ]);
    await created(this.#ask, this.#parts, this.#sql, 'category', { id, name, parent_category_id: parent } as Named);
    return id;
  }
}
