import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EngineError } from './errors.ts';

/** The folder where it is there, else the nearest one above it that is. */
export function nearestFolder(dataDir: string): string {
  const path = resolve(dataDir);
  return existsSync(path) || dirname(path) === path ? path : nearestFolder(dirname(path));
}

/** Throws what the system says where this user can neither write there nor make it. Changes nothing. */
export function checkWritable(folder: string): void {
  accessSync(folder, constants.W_OK | constants.X_OK);
}

/** Makes the folder where it is not there. EngineError `misconfigured` where it cannot be made or written. */
export function makeDataFolder(dataDir: string): void {
  try {
    makeAll(resolve(dataDir));
    checkWritable(dataDir);
  } catch (error) {
    const why = (error as Error).message;
    throw new EngineError('misconfigured', `DATA_DIR cannot be made or written: ${why}; choose another`, error);
  }
}

/** Level by level: where nothing can be made, as in /proc, Node's `recursive` tries for ever. */
function makeAll(path: string): void {
  if (existsSync(path)) return;
  makeAll(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Somebody else was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
