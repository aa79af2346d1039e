import { expect, it } from 'vitest';
import { parseKafkaUrl } from './kafka-url.ts';

it('reads brokers, with the usual port where none is named', () => {
  const { connection, replication, prefix } = parseKafkaUrl('kafka://a:9093,b');
  expect(connection).toEqual({ brokers: ['a:9093', 'b:9092'], ssl: false });
  expect([replication, prefix]).toEqual([-1, '']);
});

it('reads TLS, credentials and parameters', () => {
  const url = 'kafka+ssl://me:p%40ss@a:1,b:2?sasl=plain&replication=3&min_in_sync=2&prefix=x.&session_ms=6000';
  expect(parseKafkaUrl(url)).toEqual({
    connection: { brokers: ['a:1', 'b:2'], ssl: true, sasl: { mechanism: 'plain', username: 'me', password: 'p@ss' } },
    replication: 3,
    minInSync: 2,
    prefix: 'x.',
    sessionMs: 6_000,
  });
  expect(parseKafkaUrl('kafka://me:secret@a').connection.sasl).toMatchObject({ mechanism: 'scram-sha-512' });
});

it.each([
  'kafka://',
  'http://a:9092',
  'kafka://a:9092/topic',
  'kafka://a b',
  'kafka://a?replication=0',
  'kafka://a?sasl=plain',
  'kafka://me:secret@a?sasl=gssapi',
  'kafka://a?unknown=1',
  'kafka://a?prefix=a/b',
])('refuses %s as misconfigured without showing a password', (url) => {
  const parse = () => parseKafkaUrl(url);
  expect(parse).toThrow(expect.objectContaining({ code: 'misconfigured' }));
  expect(parse).not.toThrow(/secret/);
});
