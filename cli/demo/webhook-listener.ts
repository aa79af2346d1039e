import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Received {
  readonly id: string;
  readonly signature: string;
  readonly body: string;
}

/** Somebody's receiver of alerts, on this machine. */
export interface WebhookListener {
  /** host:port */
  readonly host: string;
  readonly url: string;
  /** What came, by id: the states, and whether every signature is right. */
  heard(secret: string): { readonly states: readonly string[]; readonly genuine: boolean };
  close(): Promise<void>;
}

export async function listenForWebhooks(): Promise<WebhookListener> {
  const received = new Map<string, Received>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const id = String(request.headers['breakwater-alert-id']);
      received.set(id, { id, signature: String(request.headers['breakwater-signature']), body });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}/alerts`,
    heard(secret) {
      const all = [...received.values()];
      return {
        states: all.map(({ body }) => String((JSON.parse(body) as { state?: unknown }).state)),
        genuine: all.every(({ signature, body }) => {
          const at = /^t=(\d+),/.exec(signature)?.[1] ?? '';
          return signature === `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`;
        }),
      };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
