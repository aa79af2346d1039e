import { type CategoryClass, competes } from './competition.ts';
import type { Entry } from './field.ts';
import type { PodRules } from './pod.ts';

/** Entries of which a pod can hold so many at most. */
export interface Group {
  /** Indices into the entries, in their order. */
  readonly members: number[];
  readonly most: number;
}

/** Lists of which any two compete. */
interface Clique extends Group {
  readonly lists: CategoryClass[];
}

/**
 * Parts the entries into competitors, of which a pod holds one, or as many as its seconds can keep apart; and who competes with
 * nobody by owner, of whom it holds one.
 */
export function groupsOf(entries: readonly Entry[], rules: PodRules): readonly Group[] {
  const groups: Group[] = [];
  const cliques: Clique[] = [];
  const ofList = new Map<CategoryClass, Clique>();
  const ofOwner = new Map<number, Group>();
  for (const [index, { category, owner }] of entries.entries()) {
    const competing = category.categories.length > 0;
    let group: Group | undefined = competing ? ofList.get(category) : ofOwner.get(owner);
    if (group === undefined && competing) {
      let clique = cliques.find(({ lists }) => lists.every((list) => competes(list, category)));
      if (clique === undefined) {
        clique = { members: [], most: mostTogether(entries, rules), lists: [] };
        cliques.push(clique);
        groups.push(clique);
      }
      clique.lists.push(category);
      ofList.set(category, clique);
      group = clique;
    }
    if (group === undefined) {
      group = { members: [], most: 1 };
      groups.push(group);
      ofOwner.set(owner, group);
    }
    group.members.push(index);
  }
  return groups;
}

/** Of competitors: n ads have n − 1 gaps between them. */
function mostTogether(entries: readonly Entry[], { minSeparationSeconds: gap, durationSeconds }: PodRules): number {
  if (gap === null) return 1;
  const shortest = entries.reduce(
    (least, { candidate }) => Math.min(least, candidate.durationSeconds),
    durationSeconds,
  );
  return Math.floor((durationSeconds + gap) / (shortest + gap));
}
