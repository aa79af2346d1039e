import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { EngineError } from '../errors.ts';

/** Where nothing of the outside lives: this machine, private networks, link-local (cloud metadata), and what is reserved. */
const inside = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  inside.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  inside.addSubnet(net, bits, 'ipv6');
}

/** Whether an address is of the public internet. An IPv4 address in IPv6 clothes is judged as what it is. */
export function isPublicAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  const family = isIP(plain);
  // What names an interface of this machine (fe80::1%eth0) is of its network.
  if (family === 0 || plain.includes('%') || /^::ffff:/i.test(plain)) return false;
  return !inside.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}

/** Why a URL is not asked; null: it may be. `allowed`: host:port of those inside that may be asked, and over plain HTTP. */
export function outsideFault(text: string, allowed: readonly string[]): string | null {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return 'must be an https:// URL';
  if (url.username !== '' || url.password !== '') return 'must not hold a user or a password';
  if (allowed.includes(hostOf(url))) return null;
  if (url.protocol !== 'https:') return 'must be an https:// URL';
  // A URL's own form of an address: 0x7f.1 is 127.0.0.1 here already.
  const bare = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0 && !isPublicAddress(bare)) return 'must not be an address of this network';
  return /(^|\.)(localhost|local|internal)\.?$/i.test(bare) ? 'must not be a name of this network' : null;
}

/**
 * For a connection: resolves to public addresses alone, and fails where there is another among them. The connection is made to what
 * it answers, so a name that answers otherwise the second time gains nothing. `resolve`: who answers for names.
 */
export function publicLookup(resolve: typeof systemLookup = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, [], 0);
      const found = addresses.find(({ address }) => !isPublicAddress(address));
      if (found !== undefined || addresses.length === 0) {
        return callback(new EngineError('refused', `${hostname} is in this network`), [], 0);
      }
      if (options.all === true) return callback(null, addresses);
      callback(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 4);
    });
  };
}

export function hostOf(url: URL): string {
  return `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`;
}
