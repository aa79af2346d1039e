import type { Device, Viewer } from './population.ts';
import type { Dice } from './random.ts';

/** One sitting: a viewer, a device and something to watch, interrupted by breaks. */
export interface Sitting {
  readonly sessionId: string;
  readonly viewer: Viewer;
  readonly device: Device;
  readonly content: { readonly category: string; readonly genre: string; readonly rating: string };
}

export interface AdRequestBody {
  readonly request_id: string;
  readonly [field: string]: unknown;
}

const CONTENT = [
  ['sports', 'football', 'TV-G'],
  ['sports', 'basketball', 'PG'],
  ['news', 'politics', 'TV-PG'],
  ['entertainment', 'comedy', 'TV-14'],
  ['entertainment', 'drama', 'TV-MA'],
  ['movies', 'action', 'PG-13'],
  ['movies', 'thriller', 'R'],
  ['kids', 'animation', 'TV-Y'],
  ['documentary', 'nature', 'TV-G'],
  ['lifestyle', 'cooking', 'TV-G'],
] as const;

const LENGTHS: readonly [number, ...number[]] = [30, 60, 60, 90, 90, 120, 120];

export function drawContent(dice: Dice): Sitting['content'] {
  const [category, genre, rating] = CONTENT[dice.whole(0, CONTENT.length - 1)] ?? CONTENT[0];
  return { category, genre, rating };
}

/** The body that a sound player sends, and the seconds it asks for. */
export function askForPod(
  dice: Dice,
  sitting: Sitting,
  requestId: string,
  breakIndex: number,
): { readonly body: AdRequestBody; readonly seconds: number } {
  const seconds = dice.pick(LENGTHS);
  const maxAds = dice.whole(2, 4);
  const { viewer, device, content } = sitting;
  const { household } = viewer;
  const { place } = household;
  const body = {
    request_id: requestId,
    ...podPart(dice, seconds, maxAds),
    session: { id: sitting.sessionId },
    break: { index: breakIndex, offset_seconds: breakIndex * 600 },
    user: {
      ...(viewer.known ? { id: `user-${viewer.name}-${household.id}`, household_id: household.id } : {}),
      age: viewer.age,
      gender: viewer.gender,
      ...(household.income === null ? {} : { household_income: household.income }),
      time_zone: place.timeZone,
    },
    device: {
      type: device.platform.type,
      brand: device.platform.brand,
      os: device.platform.os,
      ...(viewer.known ? { id: device.id, ifa: device.ifa, ifa_type: device.platform.ifaType } : {}),
      lmt: device.lmt,
      ip: household.ip,
      ua: device.platform.userAgent,
    },
    content,
    geo: {
      country: place.country === 'GB' && dice.chance(0.1) ? 'UK' : place.country,
      region: place.region,
      city: place.city,
      ...(place.dma === null ? {} : { dma: place.dma }),
    },
    ...(viewer.consent === null ? {} : { consent: { gdpr: place.country !== 'US', granted: viewer.consent } }),
  };
  return { body, seconds };
}

function podPart(dice: Dice, seconds: number, maxAds: number): Record<string, unknown> {
  if (!dice.chance(0.3)) return { pod_duration: seconds, max_ads: maxAds };
  const objective = dice.pick<'fill_rate' | 'user_experience' | 'revenue'>(['fill_rate', 'user_experience', 'revenue']);
  const separation = dice.pick<number | null>([null, 30, 15]);
  const backups = dice.chance(0.6) ? { backup_ads: 1 } : {};
  return {
    pod: {
      duration_seconds: seconds,
      min_ads: 1,
      max_ads: maxAds,
      objective,
      enable_competitive_separation: true,
      min_separation_seconds: separation,
      ...backups,
    },
  };
}

/** The same, as a player sends it that knows less: one to three parts are absent. */
export function forget(dice: Dice, body: AdRequestBody): AdRequestBody {
  const parts = ['user', 'device', 'geo', 'content', 'session', 'break'];
  const absent = new Set<string>();
  const count = dice.whole(1, 3);
  while (absent.size < count) absent.add(parts[dice.whole(0, parts.length - 1)] ?? 'user');
  const left = Object.fromEntries(Object.entries(body).filter(([field]) => !absent.has(field)));
  return { ...left, request_id: body.request_id };
}

/** The same request_id with another length: to be refused with 409. */
export function contradict(body: AdRequestBody): AdRequestBody {
  const { pod: _, ...rest } = body;
  return { ...rest, request_id: body.request_id, pod_duration: 45, max_ads: 5 };
}
