import { expect, test } from 'vitest';
import { redisError } from './redis-errors.ts';

const refusedAt = (address: string) =>
  Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' });

test.each([
  [
    'a name with several addresses',
    new AggregateError([refusedAt('::1:6379'), refusedAt('127.0.0.1:6379')]),
    /::1.*127/,
  ],
  ['a code alone', Object.assign(new Error(''), { code: 'ECONNRESET' }), /ECONNRESET/],
  [
    'TLS that is cut',
    new Error('Client network socket disconnected before secure TLS connection was established'),
    /TLS/,
  ],
  ['a connection that hangs up', new Error('socket hang up'), /hang up/],
  ['a server that is full of clients', new Error('ERR max number of clients reached'), /clients/],
])('%s is a server that is away, and its words are told', (_, cause, words) => {
  const error = redisError(cause, false);
  expect([error.code, error.retryable]).toEqual(['unavailable', true]);
  expect(error.message).toMatch(words);
});

test.each([
  ['WRONGPASS invalid username-password pair', 'misconfigured'],
  ['ERR unknown command', 'refused'],
  ['Command timed out', 'timeout'],
])('%s is %s', (words, code) => {
  expect(redisError(new Error(words), false).code).toBe(code);
});
