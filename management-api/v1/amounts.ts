import Type from 'typebox';
import { type AmountFault, decimalOf, microsOf } from '../../domain/decimal.ts';
import { type Micros, micros } from '../../domain/money.ts';
import { Problem } from '../../engines/http/problem.ts';

/** What an amount may be: digits behind the point, and the most in micros. */
export interface AmountKind {
  readonly decimals: number;
  readonly mostMicros: number;
}

/** An amount in currency units, as the MVP had them: a JSON number or decimal text. */
export const amount = ({ decimals, mostMicros }: AmountKind) =>
  Type.Union([Type.Number({ minimum: 0, maximum: mostMicros / 1_000_000 }), Type.String({ maxLength: 24 })], {
    description: `currency units, at most ${decimals} decimals; text keeps every digit`,
  });

/** Micros of the amount at `pointer`. Throws Problem 400 where it is none. */
export function amountAt(pointer: string, value: string | number, kind: AmountKind): Micros {
  const read = microsOf(value, kind.decimals);
  if (typeof read === 'number' && read <= kind.mostMicros) return read;
  throw refused(pointer, typeof read === 'number' ? 'too_large' : read, kind);
}

function refused(pointer: string, fault: AmountFault, { decimals, mostMicros }: AmountKind): Problem {
  const detail = {
    not_a_decimal: 'must be a decimal such as 12.50',
    too_many_decimals: `must have at most ${decimals} decimals`,
    too_large: `must be at most ${decimalOf(micros(mostMicros))}`,
  }[fault];
  return new Problem(400, 'Invalid request', `${pointer} ${detail}`, [{ pointer, detail }]);
}

/** As v1 answers it. Exact: 15 digits at most. */
export function shownAmount(amount: Micros): number {
  return Number(decimalOf(amount));
}
