/** The bytes of a text in base64url; null: it is none, or shorter than this many bits. */
export function bytesOf(text: string, bitsLeast: number): Buffer | null {
  if (text.length * 6 < bitsLeast || !/^[A-Za-z0-9_-]+$/.test(text)) return null;
  // Of digits that make no whole bytes the last bits would be dropped.
  return Buffer.from(text.padEnd(Math.ceil(text.length / 4) * 4, 'A'), 'base64url');
}

/** The number in these bits, the highest first. Beyond the end all bits are zero. */
export function numberAt(bytes: Buffer, at: number, bits: number): number {
  let value = 0;
  for (let bit = at; bit < at + bits; bit++) value = value * 2 + (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
  return value;
}
