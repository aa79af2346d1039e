/** @typedef {import('./read-pod.mjs').Ad} Ad */

const TRIES_MAX = 4;
const WAIT_SECONDS = 2;

/**
 * Calls what is to be called of an ad when something happened, as a player does: with macros filled in, and again where the answer
 * is 503. Of other origins nothing is called from this page.
 * @param {Ad} ad
 * @param {string} event
 * @param {{ readonly code?: number, readonly at?: number, readonly only?: (call: import('./read-pod.mjs').Call) => boolean }} about
 *   `code`: VAST's, of an error. `at`: where in the ad, in seconds.
 * @param {(event: string) => (outcome: string) => void} tell Says that it is called, and gives back what takes the outcome.
 */
export async function callEach(ad, event, { code = 900, at = 0, only = () => true }, tell) {
  const due = ad.calls.filter((call) => call.event === event && only(call));
  await Promise.all(
    due.map(async ({ url }) => {
      const macros = { CACHEBUSTING: String(eightDigits()), ERRORCODE: String(code), ADPLAYHEAD: clockTime(at) };
      const filled = url.replace(/\[([A-Z]+)\]/g, (raw, name) => macros[/** @type {'ERRORCODE'} */ (name)] ?? raw);
      const outcome = tell(event);
      outcome(await call(filled));
    }),
  );
}

/**
 * @param {string} url
 * @returns {Promise<string>} The status, or what went wrong.
 */
async function call(url) {
  for (let tries = 1; ; tries++) {
    let outcome;
    let wait = WAIT_SECONDS;
    try {
      const answer = await fetch(url, { keepalive: true, cache: 'no-store', credentials: 'omit' });
      if (answer.status !== 503) return String(answer.status);
      wait = Number(answer.headers.get('retry-after') ?? WAIT_SECONDS);
      outcome = '503';
    } catch (error) {
      outcome = /** @type {Error} */ (error).message;
    }
    if (tries === TRIES_MAX) return outcome;
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
  }
}

function eightDigits() {
  const [value = 0] = crypto.getRandomValues(new Uint32Array(1));
  return 10_000_000 + (value % 90_000_000);
}

/** @param {number} seconds */
function clockTime(seconds) {
  const two = (/** @type {number} */ value) => String(Math.floor(value)).padStart(2, '0');
  const ms = String(Math.floor((seconds % 1) * 1000)).padStart(3, '0');
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}.${ms}`;
}
