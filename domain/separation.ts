import type { CampaignCategory } from './campaign.ts';

/** Two ads compete if a category of one is a category of the other or an ancestor of it. Siblings do not. */
export function conflict(a: readonly CampaignCategory[], b: readonly CampaignCategory[]): boolean {
  return a.some((one) =>
    b.some((other) => one.id === other.id || one.ancestors.includes(other.id) || other.ancestors.includes(one.id)),
  );
}

/**
 * The ancestors of a category, parent first and root last. `parentOf` gives null at a root. Published taxonomies hold rows that are
 * their own parent, so the walk stops where it comes round again; a category is never its own ancestor.
 */
export function ancestorsOf(id: string, parentOf: (id: string) => string | null): readonly string[] {
  const ancestors: string[] = [];
  for (let next = parentOf(id); next !== null && next !== id && !ancestors.includes(next); next = parentOf(next)) {
    ancestors.push(next);
  }
  return ancestors;
}
