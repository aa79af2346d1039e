import { callEach } from './calls.mjs';
import { playAd } from './play-ad.mjs';
import { readJson, readVast } from './read-pod.mjs';

/** @typedef {import('./read-pod.mjs').Ad} Ad */
/** @typedef {import('./read-pod.mjs').Pod} Pod */

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 */
function part(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

const form = part('ask', HTMLFormElement);
const video = part('video', HTMLVideoElement);
const play = part('play', HTMLButtonElement);
const pause = part('pause', HTMLButtonElement);
const mute = part('mute', HTMLButtonElement);
const click = part('click', HTMLButtonElement);
const captions = part('captions', HTMLTrackElement);
const now = part('now', HTMLElement);
const log = part('log', HTMLOListElement);

/** @type {Ad | null} What is on the screen. */
let shown = null;
/** @type {Set<Promise<void>>} Calls that have no answer yet. */
const under = new Set();

form.addEventListener('submit', (event) => {
  event.preventDefault();
  // A second press while a pod plays is none.
  if (!play.disabled) void playPod(new FormData(form));
});
pause.addEventListener('click', toggle);
mute.addEventListener('click', () => {
  video.muted = !video.muted;
});
click.addEventListener('click', visit);
video.addEventListener('click', visit);
video.addEventListener('volumechange', () => {
  mute.setAttribute('aria-pressed', String(video.muted));
});
for (const event of ['pause', 'playing']) {
  video.addEventListener(event, () => {
    pause.textContent = video.paused ? 'Resume' : 'Pause';
  });
}
document.addEventListener('keydown', ({ key, target, ctrlKey, altKey, metaKey }) => {
  const typing = target instanceof Element && target.closest('input, select, button') !== null;
  if (typing || ctrlKey || altKey || metaKey) return;
  if (key === 'm') video.muted = !video.muted;
  if (key === ' ') toggle();
});
// Space pauses, and does not scroll, while nothing else has the keyboard.
document.addEventListener('keypress', (event) => {
  if (event.key === ' ' && event.target === document.body) event.preventDefault();
});

/** @param {FormData} asked */
async function playPod(asked) {
  play.disabled = true;
  document.body.dataset.state = 'playing';
  log.replaceChildren();
  try {
    const { ads, backups } = await ask(asked);
    const spares = [...backups];
    tell('pod')(`${ads.length} ads, ${spares.length} backups`);
    for (const [at, ad] of ads.entries()) {
      /** @type {Ad | undefined} */
      let next = ad;
      while (next) next = (await show(next, `Ad ${at + 1} of ${ads.length}`)) ? undefined : fitting(spares, ad);
    }
    now.textContent = ads.length === 0 ? 'Nobody pays for this break: the pod is empty.' : 'The pod is over.';
  } catch (error) {
    now.textContent = `No pod: ${/** @type {Error} */ (error).message}`;
  } finally {
    await Promise.all(under);
    video.removeAttribute('src');
    video.load();
    play.disabled = false;
    document.body.dataset.state = 'ended';
  }
}

/**
 * @param {FormData} asked
 * @returns {Promise<Pod>}
 */
async function ask(asked) {
  const whole = (/** @type {string} */ name) => Number(asked.get(name));
  const text = (/** @type {string} */ name) => String(asked.get(name) ?? '').trim();
  if (text('format') === 'vast') {
    const query = new URLSearchParams({
      pod_duration: text('seconds'),
      min_ads: text('least'),
      max_ads: text('most'),
      backup_ads: text('backups'),
      ...(text('viewer') === '' ? {} : { user_id: text('viewer') }),
      ...(text('country') === '' ? {} : { country: text('country') }),
    });
    return readVast(await answerOf(fetch(`../api/v2/vast?${query}`)));
  }
  const body = {
    pod_duration: whole('seconds'),
    min_ads: whole('least'),
    max_ads: whole('most'),
    pod: { backup_ads: whole('backups') },
    ...(text('viewer') === '' ? {} : { user: { id: text('viewer') } }),
    ...(text('country') === '' ? {} : { geo: { country: text('country') } }),
  };
  const headers = { 'content-type': 'application/json' };
  return readJson(
    await answerOf(fetch('../api/v2/ad-request', { method: 'POST', headers, body: JSON.stringify(body) })),
  );
}

/** @param {Promise<Response>} asking */
async function answerOf(asking) {
  const answer = await asking;
  if (answer.ok) return answer.text();
  const problem = /** @type {{ detail?: string }} */ (await answer.json().catch(() => ({})));
  throw new Error(problem.detail ?? `it answered ${answer.status}`);
}

/**
 * @param {Ad} ad
 * @param {string} place
 * @returns {Promise<boolean>} Whether it was seen to its end.
 */
async function show(ad, place) {
  shown = ad;
  now.textContent = `${place}: ${ad.title}, ${ad.seconds} s`;
  pause.disabled = false;
  click.disabled = ad.clickThrough === null;
  if (ad.captions === null) captions.removeAttribute('src');
  else captions.src = ad.captions;
  const code = await playAd(video, ad, (event, { at = 0, point } = {}) => {
    const only =
      point === undefined ? {} : { only: (/** @type {{ seconds: number | null }} */ call) => call.seconds === point };
    call(ad, event, { at, ...only });
  });
  shown = null;
  pause.disabled = true;
  click.disabled = true;
  if (code === null) return true;
  tell('failed')(`${ad.title} does not play (${code})`);
  call(ad, 'error', { code });
  return false;
}

/**
 * Takes the first backup that is no longer than the ad in whose place it is to play.
 * @param {Ad[]} spares
 * @param {Ad} failed
 */
function fitting(spares, failed) {
  const at = spares.findIndex(({ seconds }) => seconds <= failed.seconds);
  return at < 0 ? undefined : spares.splice(at, 1)[0];
}

function toggle() {
  if (shown === null) return;
  if (video.paused) void video.play();
  else video.pause();
}

function visit() {
  if (shown?.clickThrough == null) return;
  const { clickThrough } = shown;
  window.open(clickThrough.replace('[CACHEBUSTING]', '0'), '_blank', 'noopener');
  call(shown, 'click', {});
  if (!video.paused) video.pause();
}

/**
 * @param {Ad} ad
 * @param {string} event
 * @param {Parameters<typeof callEach>[2]} about
 */
function call(ad, event, about) {
  const calling = callEach(ad, event, about, tell).finally(() => under.delete(calling));
  under.add(calling);
}

/**
 * A line of what happened, in the order in which it did; what came of it may be known later.
 * @param {string} what
 */
function tell(what) {
  const line = document.createElement('li');
  line.dataset.event = what;
  line.textContent = `${what}: …`;
  log.append(line);
  return (/** @type {string} */ outcome) => {
    line.textContent = `${what}: ${outcome}`;
    if (!/^(200|\d+ ads)/.test(outcome)) line.className = 'bad';
  };
}
