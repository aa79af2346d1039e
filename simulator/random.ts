/** A seeded source: the same seed and label give the same numbers, whatever else was drawn elsewhere. */
export class Dice {
  #state: number;

  constructor(seed: number, label: string) {
    this.#state = hashText(`${seed}/${label}`);
  }

  /** Uniform in [0, 1) (mulberry32). */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.unit() * choices.length)] ?? choices[0];
  }

  /** One of the choices, each as likely as its weight. */
  weighted<T>(choices: readonly [Weighted<T>, ...Weighted<T>[]]): T {
    const total = choices.reduce((sum, choice) => sum + choice.weight, 0);
    let left = this.unit() * total;
    for (const choice of choices) {
      left -= choice.weight;
      if (left < 0) return choice.value;
    }
    return choices[0].value;
  }

  hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += Math.floor(this.unit() * 16).toString(16);
    return text;
  }

  /** In the form of a random UUID. */
  uuid(): string {
    const hex = this.hex(32);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}

export interface Weighted<T> {
  readonly value: T;
  readonly weight: number;
}

/** 32 bits of FNV-1a, stirred so that texts alike in all but the end differ in every bit. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A stable number in [0, 1) for a text. */
export function unitOf(text: string): number {
  return hashText(text) / 4294967296;
}
