import { readFileSync } from 'node:fs';
import { EngineError } from '../engines/errors.ts';

/** The JSON of a file that somebody names; `-` is standard input. Throws EngineError `refused` where it is none. */
export function readJson(file: string): unknown {
  const text = readFileSync(file === '-' ? 0 : file, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    const what = file === '-' ? 'standard input' : file;
    throw new EngineError('refused', `${what} is not JSON: ${(error as SyntaxError).message}`);
  }
}
