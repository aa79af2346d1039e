import { Dice, type Weighted } from './random.ts';

export interface Place {
  readonly country: string;
  readonly region: string;
  readonly city: string;
  /** Nielsen market; only in the US. */
  readonly dma: string | null;
  readonly timeZone: string;
}

export interface Platform {
  readonly type: string;
  readonly brand: string;
  readonly os: string;
  readonly ifaType: string;
  readonly userAgent: string;
}

export interface Device {
  readonly id: string;
  readonly ifa: string;
  readonly lmt: boolean;
  readonly platform: Platform;
}

export interface Household {
  readonly id: string;
  readonly ip: string;
  readonly place: Place;
  readonly income: number | null;
  readonly devices: readonly [Device, ...Device[]];
}

export interface Viewer {
  readonly name: string;
  readonly household: Household;
  readonly age: number;
  readonly gender: 'male' | 'female';
  /** False: the player knows neither user nor device. */
  readonly known: boolean;
  /** Null: never asked. */
  readonly consent: boolean | null;
}

export interface Population {
  readonly viewers: readonly Viewer[];
  /** The few who watch nearly all the time: caps bite here. */
  readonly core: readonly Viewer[];
}

const CORE = 8;

const PLACES: readonly [Weighted<Place>, ...Weighted<Place>[]] = [
  place(14, 'US', 'NY', 'New York', '501', 'America/New_York'),
  place(12, 'US', 'CA', 'Los Angeles', '803', 'America/Los_Angeles'),
  place(10, 'US', 'IL', 'Chicago', '602', 'America/Chicago'),
  place(6, 'US', 'TX', 'Dallas', '623', 'America/Chicago'),
  place(5, 'US', 'PA', 'Philadelphia', '504', 'America/New_York'),
  place(5, 'US', 'CA', 'San Francisco', '807', 'America/Los_Angeles'),
  place(4, 'US', 'GA', 'Atlanta', '524', 'America/New_York'),
  place(4, 'US', 'CO', 'Denver', '751', 'America/Denver'),
  place(3, 'US', 'AZ', 'Phoenix', '753', 'America/Phoenix'),
  place(3, 'US', 'WA', 'Seattle', '819', 'America/Los_Angeles'),
  place(1, 'US', 'HI', 'Honolulu', '744', 'Pacific/Honolulu'),
  place(7, 'GB', 'ENG', 'London', null, 'Europe/London'),
  place(7, 'DE', 'BE', 'Berlin', null, 'Europe/Berlin'),
  place(5, 'FR', 'IDF', 'Paris', null, 'Europe/Paris'),
  place(5, 'CA', 'ON', 'Toronto', null, 'America/Toronto'),
];

const PLATFORMS: readonly [Weighted<Platform>, ...Weighted<Platform>[]] = [
  platform(24, 'smart_tv', 'samsung', 'tizen', 'tifa', 'Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/538.1'),
  platform(
    18,
    'smart_tv',
    'lg',
    'webos',
    'lgudid',
    'Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 WebAppManager',
  ),
  platform(20, 'roku', 'roku', 'roku_os', 'rida', 'Roku/DVP-13.0 (13.0.0.4209-C2)'),
  platform(14, 'fire_tv', 'amazon', 'fire_os', 'afai', 'Mozilla/5.0 (Linux; Android 9; AFTKA) AppleWebKit/537.36'),
  platform(
    8,
    'apple_tv',
    'apple',
    'tvos',
    'idfa',
    'AppleCoreMedia/1.0.0.21K79 (Apple TV; U; CPU OS 17_2 like Mac OS X)',
  ),
  platform(
    8,
    'android_tv',
    'sony',
    'android_tv',
    'aaid',
    'Mozilla/5.0 (Linux; Android 12; BRAVIA 4K) AppleWebKit/537.36',
  ),
  platform(
    5,
    'smart_tv',
    'vizio',
    'smartcast',
    'vida',
    'Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 VIZIO SmartCast',
  ),
  platform(
    3,
    'game_console',
    'sony',
    'playstation',
    'ppid',
    'Mozilla/5.0 (PlayStation; PlayStation 5/6.00) AppleWebKit/605.1.15',
  ),
];

const INCOMES = [28_000, 45_000, 62_000, 85_000, 120_000, 175_000, 260_000] as const;

/**
 * Households of 1 to 4 people with 1 to 4 devices. The viewers of the first three households are the core: in the US, known,
 * willing. Elsewhere one in ten is unknown, one in eight has limited ad tracking, and some refused consent.
 */
export function populate(seed: number, households: number): Population {
  const viewers: Viewer[] = [];
  const core: Viewer[] = [];
  for (let number = 0; number < households; number++) {
    const dice = new Dice(seed, `household ${number}`);
    const inCore = core.length < CORE;
    const household = furnish(dice, number, inCore);
    const people = inCore ? Math.min(3, CORE - core.length) : dice.whole(1, 4);
    for (let person = 0; person < people; person++) {
      const viewer = settle(dice, household, `h${number}p${person}`, inCore);
      viewers.push(viewer);
      if (inCore) core.push(viewer);
    }
  }
  return { viewers, core };
}

function furnish(dice: Dice, number: number, inCore: boolean): Household {
  const drawn = dice.weighted(PLACES);
  const home = inCore ? (PLACES[number]?.value ?? drawn) : drawn;
  const devices: [Device, ...Device[]] = [device(dice, number, 0, inCore)];
  const more = inCore ? 1 : dice.whole(0, 3);
  for (let index = 1; index <= more; index++) devices.push(device(dice, number, index, inCore));
  return {
    id: `household-${number}-${dice.hex(8)}`,
    ip: `198.${18 + ((number >> 16) & 1)}.${(number >> 8) & 255}.${number & 255}`,
    place: home,
    income: dice.chance(0.7) ? (INCOMES[dice.whole(0, INCOMES.length - 1)] ?? null) : null,
    devices,
  };
}

function device(dice: Dice, household: number, index: number, inCore: boolean): Device {
  const lmt = !inCore && dice.chance(0.125);
  const ifa = dice.uuid();
  return {
    id: `device-${household}-${index}-${dice.hex(6)}`,
    ifa: lmt ? '00000000-0000-0000-0000-000000000000' : ifa,
    lmt,
    platform: dice.weighted(PLATFORMS),
  };
}

function settle(dice: Dice, household: Household, name: string, inCore: boolean): Viewer {
  const asked = household.place.country === 'US' ? 0.2 : 0.9;
  const consent = dice.chance(asked) ? !dice.chance(0.2) : null;
  return {
    name,
    household,
    age: dice.whole(18, 79),
    gender: dice.chance(0.5) ? 'male' : 'female',
    known: inCore || dice.chance(0.9),
    consent: inCore ? true : consent,
  };
}

function place(
  weight: number,
  country: string,
  region: string,
  city: string,
  dma: string | null,
  timeZone: string,
): Weighted<Place> {
  return { weight, value: { country, region, city, dma, timeZone } };
}

function platform(
  weight: number,
  type: string,
  brand: string,
  os: string,
  ifaType: string,
  userAgent: string,
): Weighted<Platform> {
  return { weight, value: { type, brand, os, ifaType, userAgent } };
}
