import { xmlAttribute } from './escape.ts';

export interface AdBreak {
  readonly id: string;
  readonly timeOffset: string;
  /** A whole VAST document, without the line that says it is XML; or the tag that answers with one when the break is near. */
  readonly source: { readonly vast: string } | { readonly tag: string; readonly templateType: string };
  /** What is called when the break begins, ends, or could not be shown. */
  readonly trackers: Readonly<Record<'breakStart' | 'breakEnd' | 'error', string>>;
}

/** VMAP 1.0.1 for a stream: a break for each pod, also for those that stay empty. */
export function vmapDocument(breaks: readonly AdBreak[]): string {
  let text = '<vmap:VMAP xmlns:vmap="http://www.iab.net/videosuite/vmap" version="1.0">';
  for (const { id, timeOffset, source, trackers } of breaks) {
    const named = xmlAttribute(id);
    text += `<vmap:AdBreak timeOffset="${xmlAttribute(timeOffset)}" breakType="linear" breakId="${named}">`;
    text += `<vmap:AdSource id="${named}" allowMultipleAds="true" followRedirects="true">`;
    text +=
      'vast' in source
        ? `<vmap:VASTAdData>${source.vast}</vmap:VASTAdData>`
        : `<vmap:AdTagURI templateType="${source.templateType}"><![CDATA[${source.tag}]]></vmap:AdTagURI>`;
    text += '</vmap:AdSource><vmap:TrackingEvents>';
    for (const [event, url] of Object.entries(trackers)) {
      text += `<vmap:Tracking event="${event}"><![CDATA[${url}]]></vmap:Tracking>`;
    }
    text += '</vmap:TrackingEvents></vmap:AdBreak>';
  }
  return `${text}</vmap:VMAP>`;
}
