import type { Draw } from './draw.ts';

/** Ids of things that were made, by the collection that they are in: campaigns, pods, …; and cursors of lists. */
export class Pool {
  readonly #ids = new Map<string, string[]>();
  readonly cursors = new Map<string, string>();
  readonly #draw: Draw;

  constructor(draw: Draw) {
    this.#draw = draw;
  }

  add(kind: string, id: string): void {
    const list = this.#ids.get(kind) ?? [];
    list.push(id);
    // The newest are kept: old ones may be completed or gone.
    if (list.length > 60) list.shift();
    this.#ids.set(kind, list);
  }

  remove(kind: string, id: string): void {
    const list = this.#ids.get(kind);
    const at = list?.indexOf(id) ?? -1;
    if (at >= 0) list?.splice(at, 1);
  }

  has(kind: string): boolean {
    return (this.#ids.get(kind)?.length ?? 0) > 0;
  }

  /** One of them; an id that is nobody's where there is none. */
  any(kind: string): string {
    const list = this.#ids.get(kind) ?? [];
    return list.length === 0 ? this.#draw.uuid() : this.#draw.of(list);
  }

  /** Up to `most` different ones. */
  some(kind: string, most: number): string[] {
    const list = [...new Set(this.#ids.get(kind) ?? [])];
    return list.sort(() => this.#draw.below(3) - 1).slice(0, this.#draw.below(most + 1));
  }
}

/** The collection that a path's id is of: /api/v2/campaigns/{id}/targeting -> campaigns. */
export function kindOf(path: string): string | null {
  return /\/(alerts\/rules|[a-z-]+)\/\{id\}/.exec(path)?.[1] ?? null;
}

/** What a POST of the path makes: /api/v2/campaigns/{id}/creatives -> creatives. */
export function kindMade(path: string): string {
  if (path.endsWith('/alerts/rules')) return 'alerts/rules';
  if (path.endsWith('/run') || path.endsWith('/custom-report')) return 'report-jobs';
  return path.split('/').at(-1) ?? '';
}
