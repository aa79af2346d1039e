import { isIP } from 'node:net';
import { canonicalIp } from '../../engines/pseudonym.ts';
import { isNetwork } from '../../engines/serving-settings.ts';

/** Ranges of addresses, asked by binary search: lists of data centres have tens of thousands. */
export class Networks {
  readonly #v4: Ranges<number>;
  readonly #v6: Ranges<bigint>;
  /** Lines that say something. */
  readonly lines: number;
  /** Those that are no network. */
  readonly refused: number;

  /**
   * One each: a CIDR, an address, or the first and the last address of a range with a comma or a dash between. What follows a # is a
   * remark, and further columns are not read.
   */
  constructor(lines: readonly string[]) {
    const v4: Range<number>[] = [];
    const v6: Range<bigint>[] = [];
    let said = 0;
    let refused = 0;
    for (const line of lines) {
      const [first = '', second = ''] = line
        .replace(/#.*/, '')
        .replaceAll('"', '')
        .trim()
        .split(/[\s,;|-]+/);
      if (first === '') continue;
      said++;
      const last = isIP(first) > 0 && isIP(second) > 0 ? second : first;
      const version = familyOf(first);
      if (!isNetwork(first) || familyOf(last) !== version) refused++;
      else if (version === 4) refused += added(v4, rangeOf4(first)[0], rangeOf4(last)[1]);
      else refused += added(v6, rangeOf6(first)[0], rangeOf6(last)[1]);
    }
    this.#v4 = merged(v4, 1);
    this.#v6 = merged(v6, 1n);
    this.lines = said;
    this.refused = refused;
  }

  get size(): number {
    return this.#v4.length + this.#v6.length;
  }

  /** What is no address is in none. */
  has(address: string | null): boolean {
    if (address === null || this.size === 0) return false;
    const plain = canonicalIp(address);
    const version = isIP(plain);
    if (version === 4) return isIn(this.#v4, number4(plain));
    return version === 6 && isIn(this.#v6, number6(plain));
  }
}

type Range<N> = readonly [first: N, last: N];
type Ranges<N> = readonly Range<N>[];

function familyOf(network: string): number {
  return isIP(network.split('/')[0] ?? '');
}

/** How many were refused: one that ends before it begins is no range. */
function added<N extends number | bigint>(ranges: Range<N>[], first: N, last: N): 0 | 1 {
  if (last < first) return 1;
  ranges.push([first, last]);
  return 0;
}

function rangeOf4(text: string): Range<number> {
  const [address = '', bits = '32'] = text.split('/');
  const span = 2 ** (32 - Number(bits));
  const first = Math.floor(number4(address) / span) * span;
  return [first, first + span - 1];
}

function rangeOf6(text: string): Range<bigint> {
  const [address = '', bits = '128'] = text.split('/');
  const span = 1n << BigInt(128 - Number(bits));
  const first = (number6(canonicalIp(address)) / span) * span;
  return [first, first + span - 1n];
}

function number4(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Of an address in the form of `canonicalIp`; one that maps an IPv4 address has come out as that. */
function number6(address: string): bigint {
  if (isIP(address) === 4) return 0xffff_0000_0000n + BigInt(number4(address));
  return address.split(':').reduce((sum, group) => (sum << 16n) + BigInt(Number.parseInt(group, 16) || 0), 0n);
}

function merged<N extends number | bigint>(ranges: Range<N>[], one: N): Ranges<N> {
  ranges.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const made: [N, N][] = [];
  for (const [first, last] of ranges) {
    const before = made.at(-1);
    if (before && first <= (((before[1] as number) + (one as number)) as N)) {
      if (last > before[1]) before[1] = last;
    } else made.push([first, last]);
  }
  return made;
}

function isIn<N extends number | bigint>(ranges: Ranges<N>, wanted: N): boolean {
  let low = 0;
  for (let high = ranges.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle] as Range<N>)[0] <= wanted) low = middle + 1;
    else high = middle;
  }
  const found = ranges[low - 1];
  return found !== undefined && wanted <= found[1];
}
