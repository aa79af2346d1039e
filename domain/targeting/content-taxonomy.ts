import { category as normalForm } from './names.ts';

/** One row of a content taxonomy, the IAB's or another. */
export interface ContentCategory {
  readonly id: string;
  readonly name: string;
  /** Null: a root. One that is its own parent is a root, too. */
  readonly parentId: string | null;
  /** Stands for all below it. */
  readonly sensitive: boolean;
}

/** What is known of the content around the ad, as texts that a rule may list. */
export interface ContentFacts {
  /** The category and all above it, each by id and by name. Empty: nothing is known. */
  readonly holds: readonly string[];
  /** Sensitive categories that it may have as far as anybody knows. */
  readonly doubts: readonly string[];
}

export interface ContentTaxonomy {
  /** `text`: an id or a name, as it came; null: not known. */
  read(text: string | null): ContentFacts;
}

const nothing: ContentFacts = { holds: [], doubts: [] };

/** What is known of content with all of these categories: what any of them holds, and may hold. */
export function readAll(taxonomy: ContentTaxonomy, texts: readonly string[]): ContentFacts {
  const [first = null, ...others] = texts;
  const found = taxonomy.read(first);
  if (others.length === 0) return found;
  const all = [found, ...others.map((text) => taxonomy.read(text))];
  return {
    holds: [...new Set(all.flatMap(({ holds }) => holds))],
    doubts: [...new Set(all.flatMap(({ doubts }) => doubts))],
  };
}

/** Categories stand for themselves; none is sensitive. */
export const noTaxonomy: ContentTaxonomy = {
  read(text) {
    const form = text === null ? null : normalForm(text);
    return form === null ? nothing : { holds: [form], doubts: [] };
  },
};

/**
 * A name that several rows have holds what is true of each of them, and may be any of them where they are sensitive. What no row
 * has may be anything.
 */
export function createTaxonomy(rows: readonly ContentCategory[]): ContentTaxonomy {
  if (rows.length === 0) return noTaxonomy;
  const byId = new Map(rows.map((row) => [row.id, row]));
  const sensitive = new Set(rows.filter((row) => lineOf(row, byId).some((one) => one.sensitive)));
  const allDoubts = textsOf([...sensitive]);
  const sensitiveTexts = new Set(allDoubts);
  const byText = new Map<string, ContentCategory[]>();
  for (const row of rows) {
    for (const text of textsOf([row])) {
      const known = byText.get(text);
      if (known === undefined) byText.set(text, [row]);
      else known.push(row);
    }
  }
  const unknown: ContentFacts = { holds: [], doubts: allDoubts };
  const facts = new Map<string, ContentFacts>();
  for (const [text, named] of byText) {
    const lines = named.map((row) => textsOf(lineOf(row, byId)));
    const [first = [], ...others] = lines;
    const holds = [...new Set([text, ...first.filter((one) => others.every((line) => line.includes(one)))])];
    const doubts = lines.flat().filter((one) => sensitiveTexts.has(one) && !holds.includes(one));
    facts.set(text, { holds, doubts: [...new Set(doubts)] });
  }
  return {
    read(text) {
      const form = text === null ? null : normalForm(text);
      if (form === null) return unknown;
      return facts.get(form) ?? { holds: [form], doubts: allDoubts };
    },
  };
}

/** The row and those above it. Published taxonomies hold rows that are their own parent, so the walk ends where it comes round. */
function lineOf(row: ContentCategory, byId: ReadonlyMap<string, ContentCategory>): readonly ContentCategory[] {
  const line: ContentCategory[] = [];
  for (let next: ContentCategory | undefined = row; next !== undefined && !line.includes(next); ) {
    line.push(next);
    next = next.parentId === null ? undefined : byId.get(next.parentId);
  }
  return line;
}

function textsOf(rows: readonly ContentCategory[]): readonly string[] {
  const texts = rows.flatMap(({ id, name }) => [normalForm(id), normalForm(name)]);
  return [...new Set(texts.filter((text) => text !== null))];
}
