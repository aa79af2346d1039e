import { expect, test } from 'vitest';
import { isPublicAddress, outsideFault } from './outside.ts';

test.each([
  ['https://hooks.example.com/x', null],
  ['http://hooks.example.com/x', 'https'],
  ['https://user:pw@hooks.example.com/', 'password'],
  ['https://10.1.2.3/', 'address'],
  ['https://[::1]/', 'address'],
  ['https://[::ffff:127.0.0.1]/', 'address'],
  ['https://0x7f.1/', 'address'],
  ['https://0177.0.0.1/', 'address'],
  ['https://127.1/', 'address'],
  ['https://[::7f00:1]/', 'address'],
  ['https://localhost./', 'name'],
  ['https://2130706433/', 'address'],
  ['https://localhost/', 'name'],
  ['https://metadata.google.internal/', 'name'],
  ['ftp://hooks.example.com/', 'https'],
  ['nonsense', 'https'],
] as const)('%s as an address outside: %s', (url, fault) => {
  if (fault === null) expect(outsideFault(url, [])).toBeNull();
  else expect(outsideFault(url, [])).toContain(fault);
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
    '2001:0:7f00:1::1',
    'fec0::1',
    'fe80::1%lo',
    '::7f00:1',
    'x',
  ]) {
    expect(isPublicAddress(one), one).toBe(false);
  }
  for (const one of ['1.1.1.1', '8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8'])
    expect(isPublicAddress(one), one).toBe(true);
});
