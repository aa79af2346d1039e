import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { compare } from 'bcryptjs';

const derive = promisify(argon2);
/** OWASP's floor for Argon2id: 19 MiB, two passes, one lane. */
const cost = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const;

/** Argon2id in PHC string form, which says what it was made with. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const tag = await derive('argon2id', { message: Buffer.from(password), nonce, ...cost });
  const { memory, passes, parallelism } = cost;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(nonce)}$${base64(tag)}`;
}

const form = /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/;

/** As the MVP hashed: bcrypt, of cost 15 at most, for a check takes as long as it says. */
const mvpForm = /^\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}$/;

/** Not as we hash today: whoever logs in with it gets a new hash. */
export function isOutdated(hash: string): boolean {
  return mvpForm.test(hash);
}

/** False too for a hash in a form that nobody here ever made: such a user sets a new password. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  if (isOutdated(hash)) return await compare(password, hash);
  const found = form.exec(hash);
  if (!found) return false;
  const [memory, passes, parallelism] = found.slice(1, 4).map(Number) as [number, number, number];
  const expected = Buffer.from(found[5] as string, 'base64');
  const nonce = Buffer.from(found[4] as string, 'base64');
  const tagLength = expected.length;
  const tag = await derive('argon2id', {
    message: Buffer.from(password),
    nonce,
    memory,
    passes,
    parallelism,
    tagLength,
  });
  return timingSafeEqual(tag, expected);
}

/** Takes as long to check as another: that an address is unknown cannot be told from the time. */
export const nobodysHash = hashPassword(randomBytes(16).toString('hex'));

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
