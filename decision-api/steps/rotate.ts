import { chancesOf, type Drawable, drawn, drawSeed } from '../../domain/scoring/rotation.ts';
import { hashOf } from '../catalog/campaign-facts.ts';
import {
  type DecidingParts,
  type Decision,
  type Entrant,
  type Rotation,
  type Runner,
  strikesCampaign,
} from '../decision.ts';

/**
 * Of a campaign's creatives that could take each other's place, lets as many race as one pod can hold of them, drawn by weight or by
 * how likely each is the best. What is drawn follows from request, campaign and signal alone.
 */
export function rotate(decision: Decision, parts: DecidingParts): void {
  const rotations: Rotation[] = [];
  let request: number | null = null;
  for (const entrant of decision.entrants) {
    if (entrant.runners.length < 2 || entrant.fellOut !== null) continue;
    const { rotation } = entrant.facts.seldom;
    if (rotation === null) continue;
    for (const [kind, group] of byKind(entrant.runners)) {
      const abreast = abreastOf(entrant, group, decision);
      if (group.length <= abreast) continue;
      request ??= hashOf(decision.ask.requestId);
      const chances = chancesOf(drawablesOf(entrant, group, parts), rotation.weighted);
      const order = drawOrder(group, chances, drawSeed(request, rotation.hash, kind));
      for (const runner of order) runner.struck = 'rotated';
      rotations.push({ order, abreast, entered: 0 });
    }
  }
  decision.rotations = rotations;
  if (rotations.length > 0) letIn(decision);
}

/** Lets in who is next where fewer race than may. Answers whether anybody came. */
export function letIn({ rotations }: Decision): boolean {
  let came = false;
  for (const rotation of rotations) {
    const { order, abreast } = rotation;
    const inside = order.slice(0, rotation.entered);
    if (inside.some(strikesCampaign)) continue;
    const films = new Set<string>();
    let racing = 0;
    for (const runner of inside) if (runner.struck === null) racing += isAnother(runner, films);
    while (racing < abreast) {
      const next = order[rotation.entered];
      if (next === undefined) break;
      next.struck = null;
      racing += isAnother(next, films);
      rotation.entered += 1;
      came = true;
    }
  }
  return came;
}

/** 1: it shares no file with those before, so one pod may hold it beside them. Else 0. */
function isAnother({ facts: { mediaUrls } }: Runner, films: Set<string>): number {
  const known = mediaUrls.some((url) => films.has(url));
  for (const url of mediaUrls) films.add(url);
  return known ? 0 : 1;
}

/** Those still in the race by what they have in common, in the order of their ids, which is the same for everybody who draws again. */
function byKind(runners: readonly Runner[]): ReadonlyMap<number, readonly Runner[]> {
  const groups = new Map<number, Runner[]>();
  for (const runner of runners) {
    if (runner.struck !== null) continue;
    const group = groups.get(runner.facts.kind);
    if (group === undefined) groups.set(runner.facts.kind, [runner]);
    else group.push(runner);
  }
  for (const group of groups.values()) group.sort((a, b) => (a.creative.id < b.creative.id ? -1 : 1));
  return groups;
}

/** How many of them one pod, and what is reserved beside it, could hold. */
function abreastOf({ facts }: Entrant, [first]: readonly Runner[], { ask: { rules } }: Decision): number {
  if (!rules.allowDuplicateAdvertisers) return 1;
  const fitting = Math.floor(rules.durationSeconds / (first?.creative.durationSeconds ?? 1));
  return Math.max(1, Math.min(facts.podMax ?? fitting, rules.maxAds, fitting)) + rules.backupAds;
}

function drawablesOf({ campaign }: Entrant, group: readonly Runner[], { signals }: DecidingParts): readonly Drawable[] {
  const rates = signals.of(campaign.id).score?.creatives ?? [];
  return group.map(({ creative: { id, weight } }) => ({
    id,
    weight: weight ?? null,
    share: rates.find(({ creative }) => creative === id)?.share_ppm ?? null,
  }));
}

function drawOrder(group: readonly Runner[], chances: readonly number[], seed: number): readonly Runner[] {
  return drawn(chances, seed, group.length).flatMap((at) => group[at] ?? []);
}
