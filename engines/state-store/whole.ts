import { EngineError } from '../errors.ts';

/** A whole number from 0, or EngineError `refused`: checked before the write, where it could fail its neighbours too. */
export function whole(what: string, value: number | undefined): number {
  if (value !== undefined && Number.isSafeInteger(value) && value >= 0) return value;
  throw new EngineError('refused', `${what} must be a whole number from 0, not ${value}`);
}
