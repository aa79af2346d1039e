import { expect, test } from 'vitest';
import { failureIn } from './mutants-proof.ts';

test('a fault is noticed by a test that ran, not by tests that do not start', () => {
  const started = { status: 'failed', message: '', assertionResults: [{ status: 'failed', fullName: 'a cap holds' }] };
  const broken = { status: 'failed', message: 'SyntaxError\nat', assertionResults: [] };
  expect(failureIn({ testResults: [broken] })).toEqual({
    started: false,
    what: 'the tests do not even start: SyntaxError',
  });
  expect(failureIn({ testResults: [broken, started] })).toEqual({ started: true, what: 'a cap holds' });
});
