import type { MoneyDay, MoneyRecord } from '../schemas/records.ts';
import { type BilledMinute, DAYS_KEPT, type Take, takeAtLeast } from './ledger.ts';

/** What the log says of one campaign's money. */
export interface MoneyAccount {
  /** Every minute that billed anything, in any order. */
  readonly minutes: readonly BilledMinute[];
  /** What was served in minutes that may be open, where the campaign has a limit. */
  readonly served: readonly Take[];
  /** YYYY-MM-DD: from this day on the account is whole; null: it goes back to the very beginning. */
  readonly wholeFrom: string | null;
}

/**
 * Makes a money record say what the log says of every minute up to `upTo`, which closes, and take at least what was served
 * after it. Days that the account does not hold whole stay as they are, and so does their part of the total. What is taken
 * beyond what was served stays taken: instances may hold it. Repeating it changes nothing; answers the same object then.
 */
export function putMoneyRight(record: MoneyRecord, upTo: number, account: MoneyAccount): MoneyRecord {
  const wholeFrom = comparableFrom(record, account.wholeFrom);
  const told = byDay(account.minutes.filter(({ minute, day }) => minute <= upTo && isWhole(day, wholeFrom)));
  const kept = record.days.filter(({ day }) => !isWhole(day, wholeFrom));
  const replaced = record.days.filter(({ day }) => isWhole(day, wholeFrom));
  const days = [...kept, ...told].sort((a, b) => (a.day < b.day ? -1 : 1)).slice(-DAYS_KEPT);
  const before = wholeFrom === null ? null : record;
  const closed: MoneyRecord = {
    closed_up_to: upTo,
    billed_micros: sum(told, 'micros') + (before ? before.billed_micros - sum(replaced, 'micros') : 0),
    billed_impressions:
      sum(told, 'impressions') + (before ? before.billed_impressions - sum(replaced, 'impressions') : 0),
    days,
    taken: record.taken.filter(({ minute }) => minute > upTo),
  };
  const next = account.served.reduce(takeAtLeast, closed);
  return isEqual(next, record) || (isEmpty(next) && isEmpty(record)) ? record : next;
}

/** What was billed on days that the record has dropped is in its total alone: there the account can replace nothing. */
function comparableFrom({ days }: MoneyRecord, wholeFrom: string | null): string | null {
  const oldest = days.length < DAYS_KEPT ? undefined : days[0]?.day;
  return wholeFrom === null || oldest === undefined || wholeFrom > oldest ? wholeFrom : oldest;
}

/** Nothing to remember but that its minutes are closed, which the shared mark says too. */
function isEmpty({ billed_micros, billed_impressions, days, taken }: MoneyRecord): boolean {
  return billed_micros === 0 && billed_impressions === 0 && days.length === 0 && taken.length === 0;
}

function isWhole(day: string, wholeFrom: string | null): boolean {
  return wholeFrom === null || day >= wholeFrom;
}

function byDay(minutes: readonly BilledMinute[]): readonly MoneyDay[] {
  return [...Map.groupBy(minutes, ({ day }) => day)].map(([day, ofDay]) => ({
    day,
    micros: sum(ofDay, 'micros'),
    impressions: sum(ofDay, 'impressions'),
  }));
}

function sum(
  items: readonly { readonly micros: number; readonly impressions: number }[],
  of: 'micros' | 'impressions',
) {
  return items.reduce((total, item) => total + item[of], 0);
}

function isEqual(a: MoneyRecord, b: MoneyRecord): boolean {
  return (
    a.closed_up_to === b.closed_up_to &&
    a.billed_micros === b.billed_micros &&
    a.billed_impressions === b.billed_impressions &&
    isSame(a.days, b.days) &&
    isSame(a.taken, b.taken)
  );
}

function isSame(a: readonly MoneyDay[], b: readonly MoneyDay[]): boolean {
  return a.length === b.length && a.every((one, at) => JSON.stringify(one) === JSON.stringify(b[at]));
}
