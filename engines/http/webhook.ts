import { createHmac } from 'node:crypto';
import { lookup } from 'node:dns';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { EngineError } from '../errors.ts';

/** What is sent: the body as it is signed, byte for byte. */
export interface Webhook {
  readonly url: string;
  readonly secret: string;
  /** The same for every attempt, so that a receiver knows a repetition. */
  readonly id: string;
  /** Epoch seconds, part of what is signed. */
  readonly sentAt: number;
  readonly body: string;
}

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 64 * 1024;

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
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  inside.addSubnet(net, bits, 'ipv6');
}

/** Whether an address is of the public internet. An IPv4 address in IPv6 clothes is judged as what it is. */
export function isPublicAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  const family = isIP(plain);
  if (family === 0 || /^::ffff:/i.test(plain)) return false;
  return !inside.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}

/** Why a URL can be no webhook; null: it can. `allowed`: host:port of those inside that may be asked, and over plain HTTP. */
export function webhookFault(text: string, allowed: readonly string[]): string | null {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return 'must be an https:// URL';
  if (url.username !== '' || url.password !== '') return 'must not hold a user or a password';
  if (allowed.includes(hostOf(url))) return null;
  if (url.protocol !== 'https:') return 'must be an https:// URL';
  const bare = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0 && !isPublicAddress(bare)) return 'must not be an address of this network';
  return /(^|\.)(localhost|local|internal)$/i.test(bare) ? 'must not be a name of this network' : null;
}

/** `t=<epoch seconds>,v1=<hex>`: HMAC-SHA256 over `<t>.<body>`. */
export function signatureOf({ secret, sentAt, body }: Webhook): string {
  return `t=${sentAt},v1=${createHmac('sha256', secret).update(`${sentAt}.${body}`).digest('hex')}`;
}

/**
 * Sends it once. Resolves on a 2xx; else EngineError `refused` with the status or `unavailable`. Redirects are not followed. The
 * address is judged where the connection is made, so a name that answers otherwise the second time gains nothing.
 */
export async function sendWebhook(webhook: Webhook, allowed: readonly string[]): Promise<void> {
  const fault = webhookFault(webhook.url, allowed);
  if (fault !== null) throw new EngineError('refused', `the webhook's URL ${fault}`);
  const url = new URL(webhook.url);
  const send = url.protocol === 'https:' ? secureRequest : plainRequest;
  const status = await new Promise<number>((resolve, reject) => {
    const request = send(url, {
      method: 'POST',
      agent: false,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(webhook.body),
        'breakwater-alert-id': webhook.id,
        'breakwater-signature': signatureOf(webhook),
      },
      ...(allowed.includes(hostOf(url)) ? {} : { lookup: publicLookup }),
    });
    request.on('response', (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES_MAX) response.destroy();
      });
      response.on('error', () => undefined);
      response.on('close', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject);
    request.end(webhook.body);
  }).catch((error: unknown) => {
    if (error instanceof EngineError) throw error;
    throw new EngineError('unavailable', error instanceof Error ? error.message : String(error), error);
  });
  if (status < 200 || status > 299) throw new EngineError('refused', `it answered ${status}`);
}

/** Resolves to public addresses alone, and fails where there is another among them. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, [], 0);
    const found = addresses.find(({ address }) => !isPublicAddress(address));
    if (found !== undefined || addresses.length === 0) {
      return callback(new EngineError('refused', `${hostname} is in this network`), [], 0);
    }
    if (options.all === true) return callback(null, addresses);
    callback(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 4);
  });
};

function hostOf(url: URL): string {
  return `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`;
}
