import type { Context } from '../request.ts';
import * as names from './device-names.ts';
import { identifier } from './names.ts';
import { type RawFields, read } from './said.ts';
import { type DeviceFacts, readUserAgent } from './user-agent.ts';

type Device = Pick<Context, 'deviceType' | 'os' | 'brand'>;

/** Words for whatever shows television: who says them may mean any of `televisions`. What rules list, smart_tv itself, is not one. */
const genericTypes = new Set(['tv', 'ctv', 'connected_tv', 'connected_television', 'ott_device', 'stb']);
const televisions = new Set(['roku', 'fire_tv', 'apple_tv', 'android_tv', 'chromecast', 'game_console']);
/** Where they are said, they are the device, whatever its User-Agent imitates. */
const noTelevisions = new Set<string | null>(['mobile', 'tablet', 'desktop']);

/** Systems that others are built on, and which of those a User-Agent may name instead. */
const builtOn: Readonly<Record<string, ReadonlySet<string>>> = {
  android: new Set(['fire_os', 'android_tv']),
  windows: new Set(['xbox']),
  linux: new Set([
    ...['tizen', 'orsay', 'webos', 'netcast', 'smartcast', 'vidaa', 'titan_os', 'tivo_os', 'whale_os', 'viera'],
    ...['roku', 'fire_os', 'android_tv', 'cast', 'rdk', 'playstation', 'nintendo'],
  ]),
};

/**
 * What the request says counts, unless only the User-Agent says something that is known, or the request a generic word and the
 * User-Agent a precise one; makers are too many for that.
 */
export function readDevice(device: RawFields, userAgent: string | null): Device {
  const deviceType = read(device.type, names.deviceType);
  const os = read(device.os, names.operatingSystem);
  const brand = read(device.brand, names.deviceBrand) ?? read(device.os, names.brandInOs);
  const isGeneric = genericTypes.has(read(device.type, identifier) ?? '');
  const isPrecise = names.isKnownType(deviceType) && !isGeneric && names.isKnownSystem(os) && !isBuiltOn(os);
  if (userAgent === null || (isPrecise && brand !== null)) return { deviceType, os, brand };
  const told = readUserAgent(userAgent);
  return {
    deviceType: typeOf(deviceType, isGeneric, told),
    os: systemOf(deviceType, os, told),
    brand: brand ?? told.brand,
  };
}

function typeOf(said: string | null, isGeneric: boolean, { type }: DeviceFacts): string | null {
  if (type === null) return said;
  return names.isKnownType(said) && !(isGeneric && televisions.has(type)) ? said : type;
}

function systemOf(type: string | null, said: string | null, { os }: DeviceFacts): string | null {
  if (os === null || !names.isKnownSystem(said)) return os ?? said;
  return isBuiltOn(said, os) && !noTelevisions.has(type) ? os : said;
}

/** Whether systems are built on one, or that one is. */
function isBuiltOn(base: string | null, system?: string): boolean {
  const found = base !== null && Object.hasOwn(builtOn, base) ? builtOn[base] : undefined;
  return system === undefined ? found !== undefined : found?.has(system) === true;
}
