import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { environmentWith } from '../../engines/config.ts';
import type { ZoneReport } from './day-parts-zone.ts';
import type { ProofOptions, Tally } from './proof.ts';

/** Both hemispheres, halves and quarters of hours, changes of half an hour and of two, twice around Ramadan, and none. */
const zones = [
  'UTC',
  'America/New_York',
  'America/Chicago',
  'America/Denver',
  'America/Phoenix',
  'America/Los_Angeles',
  'America/Anchorage',
  'America/St_Johns',
  'America/Havana',
  'America/Santiago',
  'America/Sao_Paulo',
  'Pacific/Easter',
  'Atlantic/Azores',
  'Europe/London',
  'Europe/Dublin',
  'Europe/Berlin',
  'Europe/Athens',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Asia/Beirut',
  'Asia/Jerusalem',
  'Asia/Tehran',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Tokyo',
  'Australia/Adelaide',
  'Australia/Lord_Howe',
  'Pacific/Auckland',
  'Pacific/Chatham',
  'Antarctica/Troll',
];
const year = 2026;

/** The index and the plain matcher against an oracle, every minute of a year in thirty zones, each in a process of its own. */
export async function proveDayParts({ say }: ProofOptions): Promise<Tally> {
  const reports: ZoneReport[] = [];
  const seed = randomInt(2 ** 31);
  const waiting = [...zones];
  const work = async () => {
    for (let zone = waiting.shift(); zone !== undefined; zone = waiting.shift()) reports.push(await walk(zone, seed));
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
  const sum = (read: (report: ZoneReport) => number) => reports.reduce((total, report) => total + read(report), 0);
  const wrong = reports.filter((report) => report.wrong.length > 0);
  for (const report of wrong) say(`FAIL  day-parts in ${report.zone}: ${report.wrong[0]}; seed ${seed}`);
  const changing = reports.filter(({ changes }) => changes > 0).length;
  const clocks = `${sum((one) => one.changes)} changes of clocks in ${changing} zones, ${sum((one) => one.repeated)} minutes twice, ${sum((one) => one.skipped)} never`;
  const told = `${sum((one) => one.minutes)} minutes of ${year} in ${zones.length} zones, ${reports[0]?.schedules} schedules, ${sum((one) => one.matches)} matches, ${sum((one) => one.misses)} misses, ${sum((one) => one.asked)} minutes of the plain matcher; ${clocks}; seed ${seed}`;
  if (wrong.length === 0) say(`ok    day-parts ≡ a minute-by-minute oracle: ${told}`);
  return { passed: zones.length - wrong.length, failed: wrong.length };
}

function walk(zone: string, seed: number): Promise<ZoneReport> {
  const script = fileURLToPath(new URL('day-parts-zone.ts', import.meta.url));
  return new Promise((resolve, reject) => {
    const env = environmentWith({ TZ: zone });
    execFile(
      process.execPath,
      [script, zone, String(year), String(seed)],
      { env, maxBuffer: 1 << 24 },
      (error, out) => {
        if (error) reject(error);
        else resolve(JSON.parse(out) as ZoneReport);
      },
    );
  });
}
