import type { AdRequestBody } from './ad-request.ts';
import type { Dice } from './random.ts';

const VIDEO = { mimes: ['video/mp4'], w: 1920, h: 1080, linearity: 1, startdelay: 0 };
const PROTOCOLS: readonly [readonly number[], ...(readonly number[])[]] = [
  [2, 3, 7, 11, 13],
  [3, 7],
  [2, 5],
  [13, 14, 15],
];
/** AdCOM's numbers of devices. */
const DEVICE_TYPES: Readonly<Record<string, number>> = { smart_tv: 3, game_console: 6 };
const CONNECTED = 6;
const COUNTRIES: Readonly<Record<string, string>> = {
  US: 'USA',
  GB: 'GBR',
  UK: 'GBR',
  DE: 'DEU',
  FR: 'FRA',
  CA: 'CAN',
};
/** A TCF v2 string in which everything was agreed to. */
const AGREED = 'CQdWToAQdWToAAKABBENDIEgAP_gAAAAAAYgAIP__AAAAAAA';

type Part = Readonly<Record<string, unknown>>;

/** What an exchange makes of a player's request: OpenRTB 2.6, with a dynamic, a structured or a hybrid pod. */
export function bidRequestOf(dice: Dice, body: AdRequestBody, seconds: number): object {
  const imps = impressionsOf(dice, seconds, Number(body.max_ads ?? partOf(body.pod).max_ads ?? 3));
  const holds = dice.chance(0.5) ? { exp: dice.pick([20, 60, 300]) } : {};
  const floor = dice.chance(0.7) ? { bidfloor: dice.pick([1, 5, 9.5]), bidfloorcur: 'USD' } : {};
  const user = partOf(body.user);
  const consent = partOf(body.consent);
  const agreed = consent.granted === true && consent.gdpr === true ? { consent: AGREED } : {};
  return {
    id: body.request_id,
    at: 1,
    ...(dice.chance(0.5) ? { tmax: 2_000 } : {}),
    cur: ['USD'],
    source: { tid: body.request_id, fd: 1 },
    imp: imps.map((video, at) => ({ id: String(at + 1), ...floor, ...holds, video })),
    app: appOf(body),
    device: deviceOf(body),
    user: { ...asGiven(user, 'id'), ...bornOf(user.age), ...genderOf(user.gender), ...agreed },
    regs: {
      ...(consent.gdpr === true ? { gdpr: 1 } : {}),
      ...(consent.granted === false ? { us_privacy: '1YYN' } : {}),
    },
  };
}

/** A dynamic pod is one impression, a structured one a slot each, a hybrid one both. */
function impressionsOf(dice: Dice, seconds: number, maxAds: number): readonly object[] {
  const video = { ...VIDEO, protocols: dice.pick(PROTOCOLS), podid: 'pod-1', podseq: 0 };
  const kind = dice.pick(['dynamic', 'structured', 'hybrid']);
  if (kind === 'dynamic' || seconds < 60) return [{ ...video, poddur: seconds, maxseq: maxAds, minduration: 5 }];
  const slot = (slotinpod: number) => ({ ...video, slotinpod, minduration: 5, maxduration: 30 });
  if (kind === 'structured') return [slot(1), slot(0)];
  return [slot(1), { ...video, poddur: seconds - 30, maxseq: Math.max(1, maxAds - 1), minduration: 5 }];
}

/** Categories in a list of the exchange's own: names, not the IAB's numbers. */
function appOf({ content, session }: AdRequestBody): object {
  const { category, genre, rating } = partOf(content);
  const said =
    category === undefined ? {} : { content: { cat: [category], cattax: 500, genre, contentrating: rating } };
  const { id } = partOf(session);
  return { bundle: 'tv.breakwater.example', ...said, ...(id === undefined ? {} : { ext: { session: id } }) };
}

function deviceOf({ device, geo }: AdRequestBody): object {
  const { type, ip, ua, ifa, lmt, brand, os } = partOf(device);
  const { country, region, city, dma } = partOf(geo);
  return {
    ...(type === undefined ? {} : { devicetype: DEVICE_TYPES[String(type)] ?? CONNECTED }),
    ...{ ip, ua, ifa, make: brand, os, lmt: lmt === true ? 1 : 0 },
    ...(country === undefined ? {} : { geo: { country: COUNTRIES[String(country)], region, city, metro: dma } }),
  };
}

function bornOf(age: unknown): { readonly yob?: number } {
  return typeof age === 'number' ? { yob: 2026 - age } : {};
}

function genderOf(gender: unknown): { readonly gender?: string } {
  return gender === 'male' ? { gender: 'M' } : gender === 'female' ? { gender: 'F' } : {};
}

function asGiven(part: Part, name: string): Part {
  return part[name] === undefined ? {} : { [name]: part[name] };
}

function partOf(value: unknown): Part {
  return typeof value === 'object' && value !== null ? (value as Part) : {};
}
