/**
 * @typedef {object} Call
 * @property {string} event impression, start, firstQuartile, …
 * @property {string} url With VAST's macros in brackets.
 * @property {number | null} seconds Where in the ad, of `progress` alone.
 */

/**
 * An ad as the player needs it, whatever words it came in.
 * @typedef {object} Ad
 * @property {string} id
 * @property {string} title
 * @property {number} seconds
 * @property {readonly { readonly url: string, readonly type: string }[]} files
 * @property {readonly Call[]} calls
 * @property {string | null} clickThrough What opens on a click.
 * @property {string | null} captions A WebVTT file.
 */

/**
 * @typedef {object} Pod
 * @property {readonly Ad[]} ads In playing order.
 * @property {readonly Ad[]} backups Each may take the place of an ad that fails.
 */

/**
 * @param {string} text The answer of POST /api/v2/ad-request.
 * @returns {Pod}
 */
export function readJson(text) {
  const answer = JSON.parse(text);
  const ads = answer.pod.ads.map(adOfJson);
  return { ads, backups: (answer.backups ?? []).map(adOfJson) };
}

/**
 * @param {{ ad_id: string, creative_id: string, duration_seconds: number, media: { url: string, type: string }[],
 *   click_through: string | null, tracking: Record<string, string> }} ad
 * @returns {Ad}
 */
function adOfJson({ ad_id, creative_id, duration_seconds, media, click_through, tracking }) {
  const calls = Object.entries(tracking).map(([event, url]) => ({ event, url, seconds: null }));
  return {
    id: ad_id,
    title: `creative ${creative_id}`,
    seconds: duration_seconds,
    files: media,
    // Progress has no place of its own in JSON, and a click is told and led on by one URL.
    calls: calls.filter(({ event }) => event !== 'progress' && event !== 'click'),
    clickThrough: click_through === null ? null : (tracking.click ?? null),
    captions: null,
  };
}

/** VAST's elements of a URL that are no Tracking, and what they report. */
const reports = { Impression: 'impression', Error: 'error', ClickTracking: 'click' };

/**
 * @param {string} text A VAST document. A Wrapper is an ad without files: this page follows none.
 * @returns {Pod}
 */
export function readVast(text) {
  const found = new DOMParser().parseFromString(text, 'application/xml');
  const fault = found.querySelector('parsererror');
  if (fault !== null) throw new Error(`the answer is not XML: ${fault.textContent}`);
  const ads = [...found.querySelectorAll('VAST > Ad')];
  const sequenceOf = (/** @type {Element} */ ad) => Number(ad.getAttribute('sequence') ?? 0);
  const inPod = ads.filter((ad) => sequenceOf(ad) > 0).sort((a, b) => sequenceOf(a) - sequenceOf(b));
  return { ads: inPod.map(adOfVast), backups: ads.filter((ad) => sequenceOf(ad) === 0).map(adOfVast) };
}

/**
 * @param {Element} ad
 * @returns {Ad}
 */
function adOfVast(ad) {
  const told = Object.entries(reports).flatMap(([name, event]) =>
    textsOf(ad, name).map((url) => ({ event, url, seconds: null })),
  );
  const tracked = [...ad.querySelectorAll('Linear > TrackingEvents > Tracking')].map((each) => ({
    event: each.getAttribute('event') ?? '',
    url: each.textContent.trim(),
    seconds: secondsOf(each.getAttribute('offset')),
  }));
  return {
    id: ad.getAttribute('id') ?? '',
    title: textsOf(ad, 'AdTitle')[0] ?? 'a third party’s ad',
    seconds: secondsOf(textsOf(ad, 'Duration')[0] ?? null) ?? 0,
    files: [...ad.querySelectorAll('MediaFile')].map((file) => ({
      url: file.textContent.trim(),
      type: file.getAttribute('type') ?? '',
    })),
    calls: [...told, ...tracked],
    clickThrough: textsOf(ad, 'ClickThrough')[0] ?? null,
    captions: textsOf(ad, 'ClosedCaptionFile[type="text/vtt"]')[0] ?? null,
  };
}

/**
 * @param {Element} ad
 * @param {string} name
 */
function textsOf(ad, name) {
  return [...ad.querySelectorAll(name)].map(({ textContent }) => textContent.trim());
}

/** @param {string | null} time HH:MM:SS[.mmm] */
function secondsOf(time) {
  const parts = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(time ?? '');
  return parts === null ? null : Number(parts[1]) * 3600 + Number(parts[2]) * 60 + Number(parts[3]);
}
