import type { VastVersion } from '../vast/versions.ts';

/** AdCOM's list of protocols: the number of a version, and that of a wrapper of it. */
const protocols: readonly (readonly [VastVersion, inline: number, wrapper: number])[] = [
  ['2.0', 2, 5],
  ['3.0', 3, 6],
  ['4.0', 7, 8],
  ['4.1', 11, 12],
  ['4.2', 13, 14],
  ['4.3', 15, 16],
];

/** The version in which files, or a tag, are to be written, and its number; null: the seller takes none that is written here. */
export function protocolFor(
  wanted: readonly number[] | undefined,
  wrapper: boolean,
): { readonly version: VastVersion; readonly protocol: number } | null {
  if (wanted === undefined || wanted.length === 0) return { version: '4.2', protocol: wrapper ? 14 : 13 };
  const known = protocols.filter(([, inline, wrapped]) => wanted.includes(wrapper ? wrapped : inline)).at(-1);
  return known ? { version: known[0], protocol: wrapper ? known[2] : known[1] } : null;
}
