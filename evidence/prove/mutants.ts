/** A fault of one line. `tests`: the folders or files of domain/ whose tests have to notice it. */
export interface Mutant {
  readonly what: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly tests: readonly string[];
}

const targeting = ['targeting'];
const pods = ['pods'];
const caps = ['frequency', 'ledger', 'first-sight'];
const matcher = 'targeting/plain-matcher.ts';
const times = 'targeting/day-times.ts';
const geo = 'targeting/geo.ts';
const frequency = 'frequency/frequency.ts';
const columns = 'targeting/index/columns.ts';
const rows = 'targeting/index/rows.ts';
const solver = 'pods/solver.ts';
const field = 'pods/field.ts';

const mutant = (what: string, file: string, from: string, to: string, tests: readonly string[]): Mutant => ({
  what,
  file,
  from,
  to,
  tests,
});

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
    'let next = 3;',
    'let next = 4;',
    targeting,
  ),
  mutant(
    'separation: a child does not compete with its parent',
    'separation.ts',
    ' || one.ancestors.includes(other.id)',
    '',
    [...pods, 'separation'],
  ),
  mutant(
    'separation: the gap is a second short',
    'pods/order.ts',
    'sinceSeconds < gapSeconds &&',
    'sinceSeconds < gapSeconds - 1 &&',
    pods,
  ),
  mutant('separation: competitors meet in one pod', solver, '!(apart && competes(', '!(!apart && competes(', pods),
  mutant('pods: a creative may stand twice', 'pods/conflicts.ts', 'a.creativeId === b.creativeId || ', '', pods),
  mutant('pods: duplicates of an advertiser', 'pods/conflicts.ts', 'a.advertiserId === b.advertiserId || ', '', pods),
  mutant(
    'solver: min_ads is ignored',
    solver,
    'if (length >= this.#rules.minAds && this.#isBetter(standard, house)) this.#take',
    'if (this.#isBetter(standard, house)) this.#take',
    pods,
  ),
  mutant('pods: min_ads is ignored', 'pods/plain-solver.ts', 'chosen.length < rules.minAds || ', '', pods),
  mutant('pods: fatigue of the ads before is forgotten', 'pods/objective.ts', 'before * more + ', '', pods),
  mutant(
    'pods: fill_rate looks at the score first',
    'pods/objective.ts',
    '[standard.seconds, standard.scoreMicros, house',
    '[standard.scoreMicros, standard.seconds, house',
    pods,
  ),
  mutant('pods: house before standard', 'pods/order.ts', 'return a.house ? 1 : -1;', 'return a.house ? -1 : 1;', pods),
  mutant(
    'solver: a tie goes to the last',
    solver,
    'house > best.house : house >= best.house',
    'house >= best.house : house >= best.house',
    pods,
  ),
  mutant(
    'solver: the bound forgets an entry',
    solver,
    'this.#standardToCome.at(index, left, slots);',
    'this.#standardToCome.at(index + 1, left, slots);',
    pods,
  ),
  mutant(
    'solver: the table forgets the ads before',
    'pods/suffix-table.ts',
    'value - (tired[slots] as number)',
    'value - 2 * (tired[slots] as number)',
    pods,
  ),
  mutant(
    'solver: cut one too early',
    field,
    'if (before.apart > 2 * others) continue;',
    'if (before.apart > 0) continue;',
    pods,
  ),
  mutant(
    'solver: one of each list is enough',
    field,
    'if (listOwners.size > others) continue;',
    'if (listOwners.size > 0) continue;',
    pods,
  ),
  mutant(
    'solver: the best is the worst',
    field,
    'a.qualityCenti > b.qualityCenti',
    'a.qualityCenti < b.qualityCenti',
    pods,
  ),
  mutant('solver: duplicates count as conflicts', field, 'pairs -= competingPairs(own)', 'pairs -= 0', pods),
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
];
