import { createHmac } from 'node:crypto';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { EngineError } from '../errors.ts';
import { hostOf, outsideFault, publicLookup } from './outside.ts';

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

/** `t=<epoch seconds>,v1=<hex>`: HMAC-SHA256 over `<t>.<body>`. */
export function signatureOf({ secret, sentAt, body }: Webhook): string {
  return `t=${sentAt},v1=${createHmac('sha256', secret).update(`${sentAt}.${body}`).digest('hex')}`;
}

/**
 * Sends it once. Resolves on a 2xx; else EngineError `refused` with the status or `unavailable`. Redirects are not followed. The
 * address is judged where the connection is made, so a name that answers otherwise the second time gains nothing.
 */
export async function sendWebhook(webhook: Webhook, allowed: readonly string[]): Promise<void> {
  const fault = outsideFault(webhook.url, allowed);
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
      ...(allowed.includes(hostOf(url)) ? {} : { lookup: publicLookup() }),
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
