import { type Micros, micros } from './money.ts';

/** Why a text or number is no amount of money. */
export type AmountFault = 'not_a_decimal' | 'too_many_decimals' | 'too_large';

/** A thousand million of the currency, as everywhere: 15 digits of micros, which a JSON number carries exactly. */
const LARGEST = 1_000_000_000_000_000;

/**
 * Micros of a decimal amount: 12.5 or "12.50" is 12,500,000. Digits are moved, never multiplied, so nothing is rounded; what has
 * more than `decimals` digits behind the point that are not zero is refused. A JSON number counts as the shortest decimal that
 * means it.
 */
export function microsOf(amount: string | number, decimals: number): Micros | AmountFault {
  const found = /^(\d+)(?:\.(\d+))?$/.exec(typeof amount === 'number' ? plain(amount) : amount);
  if (!found) return 'not_a_decimal';
  const [, whole = '', behind = ''] = found;
  const digits = behind.replace(/0+$/, '');
  if (digits.length > Math.min(decimals, 6)) return 'too_many_decimals';
  const value = BigInt(whole) * 1_000_000n + BigInt(digits.padEnd(6, '0'));
  return value > LARGEST ? 'too_large' : micros(Number(value));
}

/** The decimal amount as text: 12,500,000 micros are "12.5". */
export function decimalOf(amount: Micros): string {
  const text = String(Math.abs(amount)).padStart(7, '0');
  const behind = text.slice(-6).replace(/0+$/, '');
  return `${amount < 0 ? '-' : ''}${text.slice(0, -6)}${behind === '' ? '' : `.${behind}`}`;
}

/** Without an exponent: 1e-7 has seven decimals, 1e21 is beyond everything. */
function plain(value: number): string {
  const text = String(value);
  const found = /^(\d)(?:\.(\d+))?e([+-])(\d+)$/.exec(text);
  if (!found) return text;
  const [, first = '', rest = '', sign, exponent] = found;
  if (sign === '+') return `${first}${rest.padEnd(Number(exponent), '0')}`;
  return `0.${'0'.repeat(Number(exponent) - 1)}${first}${rest}`;
}
