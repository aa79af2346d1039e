/** Writes MaxMind DB files (format 2.0) for tests: https://maxmind.github.io/MaxMind-DB/ */

/** What such a file can say, as far as tests need it. */
export type Value = string | number | readonly Value[] | { readonly [key: string]: Value };

/** A network of IPv4 ("203.0.113.0/24") or, in a file of both, IPv6. */
export type Networks = Readonly<Record<string, Value>>;

type Node = [Child, Child];
type Child = Node | { readonly data: number } | null;

const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');

export function mmdb(networks: Networks, databaseType = 'GeoLite2-City', ipVersion: 4 | 6 = 6): Buffer {
  const chunks: Buffer[] = [];
  let size = 0;
  const root: Node = [null, null];
  for (const [network, value] of Object.entries(networks)) {
    const bytes = encode(value);
    insert(root, bitsOf(network, ipVersion), { data: size });
    chunks.push(bytes);
    size += bytes.length;
  }
  const nodes: Node[] = [];
  const numbers = new Map<Node, number>();
  const number = (node: Node): void => {
    numbers.set(node, nodes.push(node) - 1);
    for (const child of node) if (Array.isArray(child)) number(child);
  };
  number(root);
  const tree = Buffer.alloc(nodes.length * 6);
  // No child: the number of nodes. Data: that, the 16 bytes between, and where it is.
  const recordOf = (child: Child): number =>
    Array.isArray(child) ? (numbers.get(child) ?? 0) : nodes.length + (child === null ? 0 : 16 + child.data);
  for (const [at, [left, right]] of nodes.entries()) {
    tree.writeUIntBE(recordOf(left), at * 6, 3);
    tree.writeUIntBE(recordOf(right), at * 6 + 3, 3);
  }
  const metadata = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_790_000_000,
    database_type: databaseType,
    description: { en: 'a test' },
    ip_version: ipVersion,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 24,
  };
  return Buffer.concat([tree, Buffer.alloc(16), ...chunks, marker, encode(metadata)]);
}

/** IPv4 lies below 96 zeros in a tree of IPv6. */
function bitsOf(network: string, ipVersion: 4 | 6): number[] {
  const [address = '', length = ''] = network.split('/');
  const isV4 = address.includes('.');
  const bytes = isV4 ? address.split('.').map(Number) : groupsOf(address).flatMap((group) => [group >> 8, group & 255]);
  const bits = bytes.flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1));
  const zeros = isV4 && ipVersion === 6 ? Array.from({ length: 96 }, () => 0) : [];
  return [...zeros, ...bits.slice(0, Number(length))];
}

function groupsOf(address: string): number[] {
  const [left = [], right = []] = address.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}

function insert(root: Node, bits: readonly number[], data: { readonly data: number }): void {
  let node = root;
  bits.forEach((bit, depth) => {
    const side = bit === 0 ? 0 : 1;
    if (depth === bits.length - 1) node[side] = data;
    else {
      const next = node[side];
      const below: Node = Array.isArray(next) ? next : [null, null];
      node[side] = below;
      node = below;
    }
  });
}

function encode(value: Value): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([control(2, text.length), text]);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)]);
  const entries = Object.entries(value as { readonly [key: string]: Value });
  return Buffer.concat([control(7, entries.length), ...entries.flatMap(([key, one]) => [encode(key), encode(one)])]);
}

/** Types beyond 7 take a second byte; sizes from 29 on another one. */
function control(type: number, size: number): Buffer {
  const short = Math.min(size, 29);
  const head = type > 7 ? [short, type - 7] : [(type << 5) | short];
  return Buffer.from(size < 29 ? head : [...head, size - 29]);
}
