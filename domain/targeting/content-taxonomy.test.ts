import { expect, test } from 'vitest';
import type { Condition } from '../campaign.ts';
import { type ContentCategory, type ContentTaxonomy, createTaxonomy, noTaxonomy } from './content-taxonomy.ts';
import { normaliseContext } from './context.ts';
import { matchCampaign } from './plain-matcher.ts';

const row = (id: string, name: string, parentId: string | null, sensitive = false): ContentCategory => ({
  id,
  name,
  parentId,
  sensitive,
});

const taxonomy = createTaxonomy([
  row('483', 'Sports', null),
  row('533', 'Soccer', '483'),
  row('640', 'Food & Drink', null),
  row('v9i3On', 'Sensitive Topics', 'v9i3On', true),
  row('8FD8nI', 'Terrorism', 'v9i3On'),
  row('389', 'War', 'v9i3On'),
  row('700', 'War', '483'),
  row('a', 'Round', 'b'),
  row('b', 'About', 'a'),
]);

function match(mode: Condition['mode'], values: readonly unknown[], category: unknown, known = taxonomy): boolean {
  const rule = { id: 'r', conditions: [{ dimension: 'content_categories' as const, mode, values }] };
  const context = normaliseContext({ content: { category } }, 0, { taxonomy: known });
  return matchCampaign({ targeting: [rule], timeZone: 'UTC' }, context).ok;
}

test.each<[string, unknown, unknown, boolean]>([
  ['a parent by id stands for its children by name', '483', 'Soccer', true],
  ['by name for its children by id', 'sports', 533, true],
  ['a child does not stand for its parent', 'Soccer', '483', false],
  ['ids are texts, whatever their case', 'V9I3ON', '8fd8ni', true],
  ['punctuation is no matter', 'food_and_drink', 'Food & Drink', true],
  ['another branch is another', '483', 'Terrorism', false],
  ['a name of two is what both are', 'war', '700', true],
  ['and not what only one is', 'sports', 'War', false],
  ['rows that go round do not loop', 'about', 'Round', true],
  ['what the taxonomy does not have is itself', 'chess boxing', 'Chess-Boxing', true],
  ['nothing known is nothing included', 'sports', undefined, false],
])('%s: %j of %j', (_, value, category, expected) => {
  expect(match('include', [value], category)).toBe(expected);
});

test.each<[string, unknown, unknown, boolean]>([
  ['unknown content passes an exclude', 'sports', undefined, true],
  ['but not that of a sensitive category', 'Sensitive Topics', undefined, false],
  ['nor of one below it', 'terrorism', undefined, false],
  ['a category that nobody knows may be any', '8FD8nI', 'chess boxing', false],
  ['and passes the others', 'soccer', 'chess boxing', true],
  ['a known one is what it is', 'Sensitive Topics', 'Soccer', true],
  ['a name of two may be the sensitive one', 'Sensitive Topics', 'war', false],
  ['by its id it is not', 'Sensitive Topics', '700', true],
  ['children fall with their parent', '483', 'Soccer', false],
])('%s: all but %j for %j', (_, value, category, expected) => {
  expect(match('exclude', [value], category)).toBe(expected);
});

test.each<[string, ContentTaxonomy]>([
  ['without a taxonomy', noTaxonomy],
  ['with an empty one', createTaxonomy([])],
])('%s a category is itself and nothing is sensitive', (_, none) => {
  expect(match('include', ['Sports'], 'sports', none)).toBe(true);
  expect(match('include', ['sports'], 'Soccer', none)).toBe(false);
  expect(match('exclude', ['Sensitive Topics'], undefined, none)).toBe(true);
});
