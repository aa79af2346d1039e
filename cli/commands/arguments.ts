import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../../engines/config.ts';

export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('expected a duration such as 20s or 2m');
  return ms;
}

export function processes(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1 to 99');
  return Number(text);
}

export function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

export function micros(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('expected whole micros');
  return Number(text);
}
