import type { Campaign } from '../../domain/campaign.ts';
import type { Creative, MediaFile } from '../../domain/creative.ts';
import { openCatalog } from '../../engines/open.ts';

/** Where files of the demo are that nobody is to play. */
export const NOWHERE = 'https://media.breakwater.example';

/** How the URLs of clips begin that a decision API with its demo page serves. `origin`: how its own URLs begin. */
export function clipsAt(origin: string): string {
  return `${origin.replace(/\/+$/, '')}/demo/clips`;
}

/** The clip of a length, in both of its formats. The creative is in its name: two ads of a pod never share a file. */
function clipsOf(clips: string, creativeId: string, seconds: number): readonly MediaFile[] {
  const file = (type: 'mp4' | 'webm', codec: string): MediaFile => ({
    url: `${clips}/${creativeId}/${seconds}s.${type}`,
    type: `video/${type}`,
    delivery: 'progressive',
    width: 320,
    height: 180,
    bitrateKbps: null,
    codec,
  });
  return [file('mp4', 'avc1.4d4015, mp4a.40.2'), file('webm', 'vp09.00.10.08, opus')];
}

/**
 * Makes the demo's creatives play from where the decision API answers now, since a house may get another port than last time.
 * Answers how many campaigns changed. Files that somebody gave a creative stay.
 */
export async function pointClips(catalogUrl: string, clips: string): Promise<number> {
  const catalog = await openCatalog(catalogUrl);
  try {
    const { campaigns } = await catalog.snapshot();
    const moved = campaigns.filter(({ creatives }) => creatives.some((each) => isElsewhere(each, clips)));
    for (const { version: _, ...campaign } of moved) await catalog.putCampaign(pointed(campaign, clips));
    return moved.length;
  } finally {
    await catalog.close();
  }
}

function pointed(campaign: Omit<Campaign, 'version'>, clips: string): Omit<Campaign, 'version'> {
  const creatives = campaign.creatives.map((each) =>
    isElsewhere(each, clips) ? { ...each, media: clipsOf(clips, each.id, each.durationSeconds) } : each,
  );
  return { ...campaign, creatives };
}

/** Whether a creative has files of the demo alone, and not those of `clips`. */
function isElsewhere({ id, media }: Creative, clips: string): boolean {
  const isOurs = ({ url }: MediaFile) => url.startsWith(`${NOWHERE}/${id}/`) || url.includes(`/demo/clips/${id}/`);
  return media.length > 0 && media.every(isOurs) && !media.every(({ url }) => url.startsWith(`${clips}/`));
}
