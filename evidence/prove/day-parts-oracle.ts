/** What a schedule says, minute by minute, by walking through it. Knows nothing of the product's ways to come to the same. */

export interface Part {
  readonly start: string;
  readonly end: string;
}

export interface Schedule {
  readonly id: string;
  readonly parts: readonly Part[];
  readonly notParts: readonly Part[];
  /** Monday = 1. */
  readonly days: readonly number[];
  readonly notDays: readonly number[];
}

const dayMinutes = 1_440;
const weekMinutes = 7 * dayMinutes;

/** For each minute of a week on the wall, from Monday 00:00: whether the schedule holds. */
export function holdsByMinute(schedule: Schedule): Uint8Array {
  const { parts, notParts, days, notDays } = schedule;
  const mayStart = (day: number) => (days.length === 0 || days.includes(day)) && !notDays.includes(day);
  const week = new Uint8Array(weekMinutes);
  for (let day = 1; day <= 7; day++) {
    if (!mayStart(day)) continue;
    if (parts.length === 0) walk(day, { start: '00:00', end: '24:00' }, (minute) => week.fill(1, minute, minute + 1));
    for (const part of parts) walk(day, part, (minute) => week.fill(1, minute, minute + 1));
  }
  for (let day = 1; day <= 7; day++) {
    for (const part of notParts) walk(day, part, (minute) => week.fill(0, minute, minute + 1));
  }
  return week;
}

/** From the part's start on that day, one minute after the other, until the clock shows its end. */
function walk(day: number, part: Part, visit: (minuteOfWeek: number) => void): void {
  let clock = minutesOf(part.start);
  let today = day;
  const end = minutesOf(part.end);
  do {
    visit((today - 1) * dayMinutes + clock);
    clock += 1;
    if (clock === dayMinutes && end !== dayMinutes) {
      clock = 0;
      today = today === 7 ? 1 : today + 1;
    }
  } while (clock !== end);
}

function minutesOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
}
