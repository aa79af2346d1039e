import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkProperty } from './check-property.ts';
import { CalledWrongly, readArguments } from './read-arguments.ts';

const read = (args: readonly string[], runs: string | null = null) => readArguments(args, runs, ['index', 'caps']);

test('numbers are read where they are, from FC_RUNS too', () => {
  expect(read(['index'])).toMatchObject({ names: ['index'], options: { runs: 300, cases: 2_000, urls: 100_000 } });
  expect(read([], '2000').options.runs).toBe(2_000);
  expect(read(['--runs', '5', '--cases', '7'], '2000').options).toMatchObject({ runs: 5, cases: 7, hostile: 70 });
});

test.each([
  ['FC_RUNS with a comma', [], '2,000'],
  ['FC_RUNS of none', [], '0'],
  ['runs that are a word', ['--runs', 'abc'], null],
  ['runs that are nothing', ['--runs='], null],
  ['half a case', ['--cases', '0.5'], null],
  ['less than none', ['--pods=-1'], null],
  ['an option that there is not', ['--rusn', '5'], null],
  ['a proof that there is not', ['indx'], null],
])('%s is a wrong call', (_, args, runs) => {
  expect(() => read(args, runs)).toThrow(CalledWrongly);
});

test('a property of which no case was tried has not passed', () => {
  const property = fc.property(fc.boolean(), () => true);
  const of = (runs: number) => checkProperty('p', property, { runs, say: () => undefined }, () => '');
  expect([of(0), of(Number.NaN), of(3)]).toEqual([
    { passed: 0, failed: 1 },
    { passed: 0, failed: 1 },
    { passed: 1, failed: 0 },
  ]);
});
