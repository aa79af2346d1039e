import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { sendWebhook } from './webhook.ts';

let server: Server | undefined;
afterEach(() => void server?.close());

async function listen(answer: number, headers: Record<string, string> = {}) {
  const seen: { body: string; signature: string; id: string }[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const of = (name: string) => String(request.headers[name]);
      seen.push({ body, signature: of('breakwater-signature'), id: of('breakwater-alert-id') });
      response.writeHead(answer, headers).end();
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { seen, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const webhook = (host: string) => ({
  url: `http://${host}/in`,
  secret: 's3',
  id: 'e1',
  sentAt: 1_000,
  body: '{"a":1}',
});

test('what is sent is signed over its time and body', async () => {
  const { seen, host } = await listen(204);
  await sendWebhook(webhook(host), [host]);
  const expected = createHmac('sha256', 's3').update('1000.{"a":1}').digest('hex');
  expect(seen).toEqual([{ body: '{"a":1}', signature: `t=1000,v1=${expected}`, id: 'e1' }]);
});

test('this machine is not asked unless it is allowed, by address or by name, and redirects are not followed', async () => {
  const { seen, host } = await listen(302, { location: 'http://169.254.169.254/' });
  await expect(sendWebhook(webhook(host), [])).rejects.toMatchObject({ code: 'refused' });
  const port = host.split(':')[1];
  await expect(sendWebhook({ ...webhook(host), url: `https://localhost:${port}/` }, [])).rejects.toMatchObject({
    code: 'refused',
  });
  expect(seen).toEqual([]);
  await expect(sendWebhook(webhook(host), [host])).rejects.toThrow('302');
});
