const SLOTS = 16_384;

/** CRC16-XMODEM by byte, as the Redis Cluster specification asks for. */
const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** The slot of a key; of its part in braces where it has one. */
export function slotOf(key: string): number {
  const [, tag = key] = /\{([^}]+)\}/.exec(key.slice(Math.max(0, key.indexOf('{')))) ?? [];
  let crc = 0;
  for (const byte of Buffer.from(tag)) crc = ((crc << 8) & 0xffff) ^ (table[(crc >> 8) ^ byte] ?? 0);
  return crc % SLOTS;
}
