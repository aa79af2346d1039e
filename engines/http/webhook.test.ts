import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { isPublicAddress, sendWebhook, webhookFault } from './webhook.ts';

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

test.each([
  ['https://hooks.example.com/x', null],
  ['http://hooks.example.com/x', 'https'],
  ['https://user:pw@hooks.example.com/', 'password'],
  ['https://10.1.2.3/', 'address'],
  ['https://[::1]/', 'address'],
  ['https://[::ffff:127.0.0.1]/', 'address'],
  ['https://0x7f.1/', 'address'],
  ['https://2130706433/', 'address'],
  ['https://localhost/', 'name'],
  ['https://metadata.google.internal/', 'name'],
  ['ftp://hooks.example.com/', 'https'],
  ['nonsense', 'https'],
] as const)('%s as a webhook: %s', (url, fault) => {
  if (fault === null) expect(webhookFault(url, [])).toBeNull();
  else expect(webhookFault(url, [])).toContain(fault);
});

test('addresses of private and reserved networks are known', () => {
  for (const one of [
    '127.0.0.1',
    '10.0.0.1',
    '172.20.1.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '::1',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    'x',
  ]) {
    expect(isPublicAddress(one), one).toBe(false);
  }
  for (const one of ['1.1.1.1', '8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8'])
    expect(isPublicAddress(one), one).toBe(true);
});
