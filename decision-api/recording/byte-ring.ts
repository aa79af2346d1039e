const FIRST_BYTES = 1 << 20;

interface Place {
  /** Among all bytes ever written, those passed over at the ring's end too. */
  readonly begin: number;
  readonly length: number;
}

/**
 * The newest byte strings by name, in one piece of memory of at most `most` bytes. Kept apart, each would live long enough to be
 * garbage that only a full collection finds.
 */
export class ByteRing {
  readonly #most: number;
  /** Oldest first. */
  readonly #places = new Map<string, Place>();
  #room: Buffer;
  #end = 0;

  constructor(most: number) {
    this.#most = most;
    this.#room = Buffer.allocUnsafeSlow(Math.min(FIRST_BYTES, most));
  }

  /** Takes a copy. What is larger than the whole ring is not kept. */
  put(name: string, bytes: Buffer): void {
    const { length } = bytes;
    this.#places.delete(name);
    if (length > this.#most) return;
    // Nothing is written over before the room is as large as it may be.
    while (this.#end + length > this.#room.length && this.#room.length < this.#most) this.#grow();
    const left = this.#room.length - (this.#end % this.#room.length);
    const begin = length > left ? this.#end + left : this.#end;
    this.#end = begin + length;
    this.#forgetBefore(this.#end - this.#room.length);
    bytes.copy(this.#room, begin % this.#room.length);
    this.#places.set(name, { begin, length });
  }

  /** A copy. */
  get(name: string): Buffer | undefined {
    const place = this.#places.get(name);
    if (place === undefined) return undefined;
    const at = place.begin % this.#room.length;
    return Buffer.from(this.#room.subarray(at, at + place.length));
  }

  delete(name: string): void {
    this.#places.delete(name);
  }

  #grow(): void {
    const larger = Buffer.allocUnsafeSlow(Math.min(2 * this.#room.length, this.#most));
    this.#room.copy(larger, 0, 0, this.#end);
    this.#room = larger;
  }

  #forgetBefore(begin: number): void {
    for (const [name, place] of this.#places) {
      if (place.begin >= begin) return;
      this.#places.delete(name);
    }
  }
}
