import { type Mutant, mutant } from './mutant.ts';
import { podMutants } from './pod-mutants.ts';
import { streamMutants } from './stream-mutants.ts';

const targeting = ['targeting'];
const caps = ['frequency', 'ledger', 'first-sight'];
const matcher = 'targeting/plain-matcher.ts';
const times = 'targeting/day-times.ts';
const geo = 'targeting/geo.ts';
const frequency = 'frequency/frequency.ts';
const columns = 'targeting/index/columns.ts';
const bits = 'targeting/index/bits.ts';
const rows = 'targeting/index/rows.ts';

export const mutants: readonly Mutant[] = [
  mutant('an exclude is ignored', matcher, "=== 'yes') failed.add(name);", "=== 'never') failed.add(name);", targeting),
  mutant(
    'unknown passes an include',
    matcher,
    "!== 'yes') failed.add(name);",
    "=== 'no') failed.add(name);",
    targeting,
  ),
  mutant('the least advanced rule is blamed', matcher, 'Math.max(furthest, stoppedAt)', 'stoppedAt', targeting),
  mutant(
    'a day-part holds at its end',
    times,
    'now < endMinute ? [today] : []',
    'now <= endMinute ? [today] : []',
    targeting,
  ),
  mutant('a day-part begins late', times, 'startMinute <= now && now <', 'startMinute < now && now <', targeting),
  mutant(
    'past midnight belongs to today',
    times,
    'now < endMinute ? [yesterday] : []',
    'now < endMinute ? [today] : []',
    targeting,
  ),
  mutant('the day before Monday is Monday', times, 'today === 1 ? 7 :', 'today === 1 ? 1 :', targeting),
  mutant(
    "the campaign's zone goes first",
    times,
    'context.timeZone ?? campaignZone',
    'campaignZone ?? context.timeZone',
    targeting,
  ),
  mutant('excluded days are ignored', matcher, '!unwanted.includes(day)', 'unwanted.length > 0', targeting),
  mutant('a range has no upper end', 'targeting/range.ts', 'value <= max', 'value < max', targeting),
  mutant('a range has no lower end', 'targeting/range.ts', 'min <= value', 'min < value', targeting),
  mutant(
    'a country stands beside its regions',
    geo,
    'countryOf(region) === country)) return true;',
    'region === country)) return true;',
    targeting,
  ),
  mutant(
    'a bare city is anywhere',
    geo,
    'if (listed.regions.length > 0) return isAnyOf',
    'if (listed.regions.length > 99) return isAnyOf',
    targeting,
  ),
  mutant(
    'a region stands beside its cities',
    geo,
    'city.region === null || city.region === region',
    'city.region === null',
    targeting,
  ),
  mutant('UK is not GB', 'targeting/names.ts', "code === 'UK' ? 'GB' : code", 'code', targeting),
  mutant(
    'half a zone: the offset is an hour off',
    'zone.ts',
    '(local - dayNumber * dayMs) / 60_000',
    '(local - dayNumber * dayMs) / 60_000 + 1',
    ['targeting', 'zone'],
  ),
  mutant('index: an exclude is ignored', columns, 'this.#exclude.ask(names, found);', '', targeting),
  mutant('index: a range ends early', columns, 'max + 1', 'max', targeting),
  mutant(
    'index: everybody is nobody',
    columns,
    'names.includes(everybody)) ? null',
    '!names.includes(everybody)) ? null',
    targeting,
  ),
  mutant(
    'index: the minute after',
    'targeting/index/schedule.ts',
    '* dayMinutes + minuteOfDay',
    '* dayMinutes + minuteOfDay + 1',
    targeting,
  ),
  mutant(
    'index: a span over Sunday midnight is lost',
    'targeting/index/schedule.ts',
    'if (to > weekMinutes) cut.push',
    'if (to < 0) cut.push',
    targeting,
  ),
  mutant(
    'index: who does not ask is forgotten in a row',
    rows,
    'for (const row of this.#folded?.values() ?? []) row.add(bit);',
    '',
    targeting,
  ),
  mutant('index: a removed clause stays', rows, 'this.any.delete(bit);', '', targeting),
  mutant('index: one value more is folded away', rows, 'word & ~(this.any.words[index] as number)', 'word', targeting),
  mutant(
    'index: the first three suffice',
    'targeting/index/targeting-index.ts',
    'let next = 6;',
    'let next = 7;',
    targeting,
  ),
  mutant('index: a long row does not grow', bits, 'this.#dense?.grow(words);', '', targeting),
  mutant('index: what is unfolded is lost', rows, 'own.words[index] = kept;', 'own.words[index] = 0;', targeting),
  ...podMutants,
  ...streamMutants,
  mutant('caps: one more than the cap', frequency, '>= cap.max', '> cap.max', caps),
  mutant('caps: the window is open at its edge', frequency, 'entry.at >= begins', 'entry.at > begins', caps),
  mutant(
    'caps: the window is a millisecond short',
    frequency,
    '- cap.windowSeconds * 1000;',
    '- cap.windowSeconds * 1000 + 1;',
    caps,
  ),
  mutant(
    'caps: what is outstanding does not count',
    frequency,
    "entry.state === 'OUTSTANDING' && !hasExpired(entry, marks)) count++",
    "entry.state === 'RELEASED') count++",
    caps,
  ),
  mutant(
    'caps: a window never rolls',
    frequency,
    'cap.windowSeconds === null ? 0 : marks.of(partition)',
    'cap.windowSeconds !== null ? 0 : marks.of(partition)',
    caps,
  ),
  mutant('caps: a place is held for a day', frequency, '> entry.expires_at', '- 86_400_000 > entry.expires_at', caps),
  mutant('caps: a place expires at its last moment', frequency, '> entry.expires_at', '>= entry.expires_at', caps),
  mutant("caps: another campaign's views count", frequency, 'if (entry.campaign !== campaignId) continue;', '', caps),
  mutant('caps: a release takes back a view', frequency, "&& entry.state === 'OUTSTANDING' ? {", '? {', caps),
  mutant('money: the closed minute takes', 'ledger.ts', 'want.minute <= Math.max', 'want.minute < Math.max', caps),
  mutant(
    'money: a budget is passed by what is taken',
    'ledger.ts',
    'record.billed_micros + held.micros)',
    'record.billed_micros)',
    caps,
  ),
  mutant(
    'money: a day forgets what is taken',
    'ledger.ts',
    '(today?.micros ?? 0) + sum(takenToday, (open) => open.micros)',
    '(today?.micros ?? 0)',
    caps,
  ),
  mutant('money: a minute is billed twice', 'ledger.ts', 'minute.minute > record.closed_up_to && ', '', caps),
  mutant(
    'beacons: late by nothing',
    'first-sight.ts',
    'if (appendedAt > beacon.expires_at) return false;',
    'if (appendedAt >= beacon.expires_at) return false;',
    caps,
  ),
  mutant(
    'beacons: a repeated impression bills',
    'first-sight.ts',
    'holders.every((holder) => holder === offset)',
    'holders.some((holder) => holder === offset)',
    caps,
  ),
  mutant(
    'attribution: all get the same part of a conversion',
    'attribution/attribute.ts',
    'split(WHOLE, weights)',
    'split(WHOLE, weights.map(() => 1))',
    ['attribution'],
  ),
];
