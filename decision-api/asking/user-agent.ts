/** What kind of program asks, by its User-Agent. Stitchers come first: some look like bots. */
export type UserAgentClass = 'tv' | 'bot' | 'stitcher' | 'unknown';

const stitchers = /mediatailor|harmonic|broadpeak|yospace|uplynk|googledai|dai-sdk|ssai/i;
/** CUBOT makes phones and tablets. */
const bots = /(?<!\bcu)bot\b|crawl|spider|slurp|curl\/|wget\/|python-requests|headless|scrapy|go-http-client/i;
const televisions =
  /smart-?tv|tizen|web0s|webos|netcast|roku|appletv|apple tv|aft[a-z]|fire ?tv|android ?tv|googletv|chromecast|crkey|bravia|viera|hbbtv|vizio|smartcast|playstation|xbox|settop|stb/i;

export function classOf(userAgent: string | undefined): UserAgentClass {
  if (!userAgent) return 'unknown';
  if (stitchers.test(userAgent)) return 'stitcher';
  if (bots.test(userAgent)) return 'bot';
  return televisions.test(userAgent) ? 'tv' : 'unknown';
}
