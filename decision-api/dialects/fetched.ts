import type { Creative, Resource } from '../../domain/creative.ts';

/**
 * Whether all that a player fetches or calls of a creative is https: files, programs, what is drawn, trackers. Not where a click leads,
 * which opens by itself, nor what a third party's tag leads to.
 */
export function isSecure(creative: Creative): boolean {
  return fetchedOf(creative).every((url) => /^https:/i.test(url)) && !markupOf(creative).some(namesInsecure);
}

function fetchedOf(creative: Creative): readonly string[] {
  const { vastTagUrl, media, interactive = [], mezzanines = [], captions = [] } = creative;
  const { trackers = [], verifications = [] } = creative;
  return [
    ...(vastTagUrl === undefined ? [] : [vastTagUrl]),
    ...[...media, ...interactive, ...mezzanines, ...captions, ...trackers].map(({ url }) => url),
    ...verifications.flatMap(({ url, notExecutedTrackers = [] }) => [url, ...notExecutedTrackers]),
    ...drawnOf(creative).flatMap(({ resource, clickTrackers = [], viewTrackers = [] }) => [
      ...(resource.kind === 'html' ? [] : [resource.content]),
      ...clickTrackers,
      ...viewTrackers,
    ]),
  ];
}

function drawnOf({ icons = [], companions = [] }: Creative) {
  return [...icons, ...companions];
}

function markupOf(creative: Creative): readonly Resource[] {
  return drawnOf(creative).flatMap(({ resource }) => (resource.kind === 'html' ? [resource] : []));
}

function namesInsecure({ content }: Resource): boolean {
  return /http:/i.test(content);
}
