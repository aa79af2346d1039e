/** How much each viewer sent in this minute and the one before. Only this process's share of it is known here. */
export class Rates {
  #minute = 0;
  #now = new Map<string, number>();
  #before: ReadonlyMap<string, number> = new Map();

  /** Counts one at `at` (epoch ms); answers how many the last 60 s held, about: the older minute by its share. */
  count(viewer: string, at: number): number {
    const minute = Math.floor(at / 60_000);
    if (minute !== this.#minute) {
      this.#before = minute === this.#minute + 1 ? this.#now : new Map();
      this.#now = new Map();
      this.#minute = minute;
    }
    const now = (this.#now.get(viewer) ?? 0) + 1;
    // More viewers than that in one minute are counted by nobody here.
    if (now > 1 || this.#now.size < viewersCounted) this.#now.set(viewer, now);
    const left = 1 - (at - minute * 60_000) / 60_000;
    return now + (this.#before.get(viewer) ?? 0) * left;
  }
}

const viewersCounted = 500_000;
