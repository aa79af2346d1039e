import { isUuid } from '../schemas/uuid.ts';
import { isReadableZone } from './zone.ts';

/** Whether a value that JSON gave has a shape; fields that a shape does not name may be anything. */
export type Check = (value: unknown) => boolean;

export const text: Check = (value) => typeof value === 'string';
export const name: Check = (value) => typeof value === 'string' && value !== '';
export const id: Check = (value) => typeof value === 'string' && isUuid(value);
export const flag: Check = (value) => typeof value === 'boolean';
export const anything: Check = () => true;
export const number: Check = (value) => typeof value === 'number' && Number.isFinite(value);
export const zone: Check = (value) => typeof value === 'string' && isReadableZone(value);
export const from =
  (least: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= least;
export const oneOf =
  (...allowed: readonly string[]): Check =>
  (value) =>
    allowed.includes(value as string);
export const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
export const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
export const list =
  (each: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(each);
export const object =
  (shape: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(shape).every(([key, check]) => check((value as Record<string, unknown>)[key]));
