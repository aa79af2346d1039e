import { setFlagsFromString } from 'node:v8';

/** A later Node may not know them, and would say so on standard error. */
const KNOWN_TO = '24';

/**
 * Lets V8 collect the whole heap only when that has grown: where there are 100,000 campaigns it takes half a second of CPU. By itself
 * it would make old at once what lived on once where it was made, which all does while a process starts, so that what dies with its
 * request waits for the next whole collection; and after 64 MB of buffers it would not wait for the heap. Buffers count as heap then.
 */
export function collectSeldom(): void {
  if (process.versions.node.split('.')[0] !== KNOWN_TO) return;
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--external-memory-accounted-in-global-limit');
}
