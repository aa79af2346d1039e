/** @typedef {import('./read-pod.mjs').Ad} Ad */

/**
 * Something happened in an ad.
 * @callback Report
 * @param {string} event VAST's name.
 * @param {{ readonly at?: number, readonly point?: number }} [about] `at`: seconds into the ad; `point`: of `progress`, which one.
 * @returns {void}
 */

/** VAST's error codes. */
const codes = { timedOut: 402, noFileThatPlays: 403, doesNotPlay: 405 };
/** An ad that stands still for so long has failed. */
const STILL_MS_MAX = 8_000;

/** @type {readonly (readonly [string, number])[]} */
const quartiles = [
  ['firstQuartile', 0.25],
  ['midpoint', 0.5],
  ['thirdQuartile', 0.75],
];

/**
 * Plays an ad to its end. Events are reported where the picture is, each once, in order.
 * @param {HTMLVideoElement} video
 * @param {Ad} ad
 * @param {Report} report
 * @returns {Promise<number | null>} Null: played to its end; else VAST's code of what went wrong.
 */
export async function playAd(video, ad, report) {
  let fault = codes.noFileThatPlays;
  for (const { url, type } of ad.files) {
    if (video.canPlayType(type) === '') continue;
    const outcome = await new Showing(video, ad, report).play(url);
    if (outcome.code === null) return null;
    fault = outcome.code;
    // Who has seen the beginning is not shown it again.
    if (outcome.began) break;
  }
  return fault;
}

/** One file on the screen. */
class Showing {
  #video;
  #report;
  /** @type {{ readonly event: string, readonly point?: number, readonly reached: () => boolean }[]} */
  #due;
  #began = false;
  #paused = false;
  #muted;
  #listening = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #still;
  /** @type {(outcome: { readonly code: number | null, readonly began: boolean }) => void} */
  #resolve = () => undefined;

  /**
   * @param {HTMLVideoElement} video
   * @param {Ad} ad
   * @param {Report} report
   */
  constructor(video, ad, report) {
    this.#video = video;
    this.#report = report;
    this.#muted = video.muted;
    const points = ad.calls.flatMap(({ event, seconds }) =>
      event === 'progress' && seconds !== null ? [seconds] : [],
    );
    this.#due = [
      ...quartiles.map(([event, part]) => ({ event, reached: () => video.currentTime / video.duration >= part })),
      ...[...new Set(points)].map((point) => ({ event: 'progress', point, reached: () => video.currentTime >= point })),
    ];
  }

  /**
   * @param {string} url
   * @returns {Promise<{ readonly code: number | null, readonly began: boolean }>}
   */
  play(url) {
    const video = this.#video;
    const { signal } = this.#listening;
    /** @type {Readonly<Record<string, () => void>>} */
    const handlers = {
      playing: () => this.#playing(),
      pause: () => this.#pause(),
      timeupdate: () => this.#moved(),
      volumechange: () => this.#volume(),
      ended: () => this.#complete(),
      error: () => this.#end(codes.doesNotPlay),
    };
    for (const [event, handle] of Object.entries(handlers)) video.addEventListener(event, handle, { signal });
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#watch();
      video.src = url;
      video.play().catch(() => this.#end(codes.doesNotPlay));
    });
  }

  #playing() {
    if (!this.#began) for (const event of ['impression', 'creativeView', 'start']) this.#tell(event);
    else if (this.#paused) this.#tell('resume');
    this.#began = true;
    this.#paused = false;
    this.#watch();
  }

  #pause() {
    if (this.#video.ended) return;
    this.#paused = true;
    clearTimeout(this.#still);
    if (this.#began) this.#tell('pause');
  }

  #moved() {
    for (const each of this.#due.filter(({ reached }) => reached())) {
      this.#due.splice(this.#due.indexOf(each), 1);
      this.#tell(each.event, each.point);
    }
    if (!this.#paused) this.#watch();
  }

  #volume() {
    const { muted } = this.#video;
    if (muted === this.#muted) return;
    this.#muted = muted;
    if (this.#began) this.#tell(muted ? 'mute' : 'unmute');
  }

  #complete() {
    this.#moved();
    this.#tell('complete');
    this.#end(null);
  }

  /** From now on it may stand still for a while, and no longer. */
  #watch() {
    clearTimeout(this.#still);
    this.#still = setTimeout(() => this.#end(codes.timedOut), STILL_MS_MAX);
  }

  /** @param {number | null} code */
  #end(code) {
    clearTimeout(this.#still);
    this.#listening.abort();
    this.#resolve({ code, began: this.#began });
  }

  /**
   * @param {string} event
   * @param {number} [point]
   */
  #tell(event, point) {
    this.#report(event, { at: this.#video.currentTime, ...(point === undefined ? {} : { point }) });
  }
}
