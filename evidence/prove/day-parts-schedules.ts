import type { Condition } from '../../domain/campaign.ts';
import type { Targeted } from '../../domain/targeting/index/targeting-index.ts';
import { seeded } from '../bench/catalog.ts';
import type { Part, Schedule } from './day-parts-oracle.ts';

/** Those that people make mistakes with, and as many drawn ones. */
export function makeSchedules(seed: number, drawn: number): readonly Schedule[] {
  const none = { parts: [], notParts: [], days: [], notDays: [] };
  const night = { start: '22:00', end: '02:00' };
  const special: Omit<Schedule, 'id'>[] = [
    { ...none, parts: [{ start: '06:00', end: '12:00' }] },
    { ...none, parts: [night] },
    { ...none, parts: [night], days: [5, 6] },
    { ...none, parts: [night], notDays: [7] },
    { ...none, parts: [{ start: '00:00', end: '24:00' }], days: [1] },
    { ...none, parts: [{ start: '02:00', end: '03:00' }] },
    { ...none, parts: [{ start: '01:30', end: '02:30' }], days: [7] },
    { ...none, parts: [{ start: '23:59', end: '00:01' }], days: [6, 7] },
    { ...none, parts: [{ start: '00:00', end: '00:01' }] },
    { ...none, parts: [{ start: '12:00', end: '11:59' }], days: [2] },
    { ...none, days: [6, 7] },
    { ...none, notDays: [1, 2, 3, 4, 5] },
    { ...none, notParts: [night] },
    { ...none, parts: [{ start: '18:00', end: '03:00' }], notParts: [{ start: '23:30', end: '00:30' }], days: [5] },
  ];
  const draw = seeded(seed);
  const text = (minute: number) =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  const part = (): Part => {
    const start = draw(1_440);
    const end = 1 + draw(1_440);
    return { start: text(start), end: text(end === start ? 1_440 : end) };
  };
  const some = <T>(make: () => T, most: number): T[] => Array.from({ length: draw(most + 1) }, make);
  const day = () => 1 + draw(7);
  const random = Array.from({ length: drawn }, () => ({
    parts: some(part, 3),
    notParts: some(part, 1),
    days: some(day, 4),
    notDays: some(day, 1),
  }));
  return [...special, ...random].map((one, index) => ({ id: `schedule-${index}`, ...one }));
}

/** The same as a campaign with one rule. */
export function asCampaign({ id, parts, notParts, days, notDays }: Schedule, timeZone: string): Targeted {
  const conditions: readonly Condition[] = [
    { dimension: 'day_parts', mode: 'include', values: parts },
    { dimension: 'day_parts', mode: 'exclude', values: notParts },
    { dimension: 'days_of_week', mode: 'include', values: days },
    { dimension: 'days_of_week', mode: 'exclude', values: notDays },
  ];
  return { id, timeZone, targeting: [{ id: 'r', conditions: conditions.filter(({ values }) => values.length > 0) }] };
}
