import type { InteractiveFile, MediaFile, Mezzanine, UnwrappedParts } from '../../domain/creative.ts';
import { EngineError } from '../../engines/errors.ts';
import { limits } from '../limits.ts';
import { offsetOf, pixels, type ReadInLine, urlOf } from './read-vast.ts';
import { at, type Element, textAt } from './xml.ts';

/** The ad at the end of a chain, without what is told and drawn beside it. */
export interface ReadAd extends UnwrappedParts {
  readonly durationSeconds: number;
  readonly media: readonly MediaFile[];
  readonly clickThrough: string | null;
}

/** EngineError `refused`: it has no length, or no file that a plain player plays. */
export function readAd({ ad, creative, linear, categories }: ReadInLine): ReadAd {
  const length = offsetOf(textAt(linear, 'Duration'));
  if (length === null || !('seconds' in length)) throw new EngineError('refused', 'the ad does not say how long it is');
  const files = at(linear, 'MediaFiles', 'MediaFile');
  const media = files.flatMap(mediaOf).slice(0, limits.mediaOfCreative);
  if (media.length === 0) throw new EngineError('refused', 'the ad has no file that a plain player plays');
  const interactive = interactiveOf(linear, files);
  const mezzanines = at(linear, 'MediaFiles', 'Mezzanine').flatMap(mezzanineOf);
  const captions = at(linear, 'MediaFiles', 'ClosedCaptionFiles', 'ClosedCaptionFile').flatMap((file) => {
    const url = urlOf(file.text);
    const { type = 'text/vtt', language } = file.attributes;
    return url === null ? [] : [{ url, type, ...(language ? { language } : {}) }];
  });
  const adParameters = textAt(linear, 'AdParameters');
  const [universal] = at(creative, 'UniversalAdId');
  const title = textAt(ad, 'AdTitle')?.slice(0, 255);
  const skip = skipOf(linear, length.seconds);
  return {
    durationSeconds: Math.round(length.seconds),
    media,
    clickThrough: urlOf(textAt(linear, 'VideoClicks', 'ClickThrough')),
    ...(skip === null ? {} : { skipAfterSeconds: skip }),
    ...(interactive.length === 0 ? {} : { interactive }),
    ...(adParameters === undefined ? {} : { adParameters }),
    ...(mezzanines.length === 0 ? {} : { mezzanines }),
    ...(captions.length === 0 ? {} : { captions }),
    ...(title === undefined ? {} : { title }),
    ...(universal?.text && universal.attributes.idRegistry
      ? { universalAdId: { registry: universal.attributes.idRegistry, value: universal.text } }
      : {}),
    ...categoriesOf(ad, categories),
  };
}

/** Categories by number of a taxonomy that OpenRTB names; those of authorities of their own are not ours to read. */
function categoriesOf(ad: Element, ids: readonly string[]): Pick<UnwrappedParts, 'adCategories'> {
  const [authority] = at(ad, 'Category').map(({ attributes }) => attributes.authority ?? '');
  const taxonomy = /^https?:\/\/(?:www\.)?iabtechlab\.com\/standards\/taxonomy\/(\d{1,3})$/.exec(authority ?? '')?.[1];
  return taxonomy === undefined || ids.length === 0 ? {} : { adCategories: { taxonomy: Number(taxonomy), ids } };
}

function skipOf(linear: Element, lengthSeconds: number): number | null {
  const offset = offsetOf(linear.attributes.skipoffset);
  if (offset === null) return null;
  const seconds = Math.round('seconds' in offset ? offset.seconds : offset.part * lengthSeconds);
  return seconds < Math.round(lengthSeconds) ? seconds : null;
}

const delivered = (text: string | undefined) => (text === 'streaming' ? 'streaming' : 'progressive');
const kbps = (text: string | undefined) => (/^\d{1,7}$/.test(text ?? '') && Number(text) > 0 ? Number(text) : null);

function mediaOf(file: Element): readonly MediaFile[] {
  const { type, delivery, codec, apiFramework, ...numbers } = file.attributes;
  const url = urlOf(file.text);
  const [width, height] = [pixels(numbers.width), pixels(numbers.height)];
  if (url === null || !type || width === null || height === null || apiFramework) return [];
  const [least, most] = [kbps(numbers.minBitrate), kbps(numbers.maxBitrate)];
  return [
    {
      url,
      type,
      delivery: delivered(delivery),
      width,
      height,
      bitrateKbps: kbps(numbers.bitrate),
      ...(codec ? { codec } : {}),
      ...(least !== null && most !== null && least <= most ? { minBitrateKbps: least, maxBitrateKbps: most } : {}),
    },
  ];
}

function interactiveOf(linear: Element, files: readonly Element[]): readonly InteractiveFile[] {
  return [...files, ...at(linear, 'MediaFiles', 'InteractiveCreativeFile')].flatMap((file): InteractiveFile[] => {
    const { apiFramework: framework, type, variableDuration } = file.attributes;
    const url = urlOf(file.text);
    if (url === null || !type || (framework !== 'VPAID' && framework !== 'SIMID')) return [];
    return [{ url, type, framework, ...(variableDuration === 'true' ? { variableDuration: true } : {}) }];
  });
}

function mezzanineOf(file: Element): readonly Mezzanine[] {
  const { type, delivery, codec, fileSize, ...numbers } = file.attributes;
  const url = urlOf(file.text);
  const [width, height] = [pixels(numbers.width), pixels(numbers.height)];
  if (url === null || !type || width === null || height === null) return [];
  const bytes = /^\d{1,12}$/.test(fileSize ?? '') ? Number(fileSize) : 0;
  return [
    {
      url,
      type,
      delivery: delivered(delivery),
      width,
      height,
      ...(codec ? { codec } : {}),
      ...(bytes > 0 ? { fileBytes: bytes } : {}),
    },
  ];
}
