import type { Companion, Resource, Verification } from '../../../domain/creative.ts';
import { macrosOf } from '../../draft.ts';
import { cdata } from '../escape.ts';
import { trackingUrl } from './slots.ts';
import { atLeast, type VastVersion } from './versions.ts';
import { element, holding, linked, texted } from './words.ts';

/** Empty where it holds nothing that may be emitted. */
export function resourceOf({ kind, content, type }: Resource): string {
  if (kind === 'static') return linked('StaticResource', content, { creativeType: type ?? 'image/png' });
  return kind === 'iframe' ? linked('IFrameResource', content) : element('HTMLResource', cdata(content));
}

/** The companions in the order of the version's schema. */
export function companionsOf(companions: readonly Companion[], version: VastVersion, base: string): string {
  return element('CompanionAds', companions.map((each) => companionOf(each, version, base)).join(''));
}

function companionOf(companion: Companion, version: VastVersion, base: string): string {
  const { id, width, height, resource, altText, clickThrough, clickTrackers, viewTrackers } = companion;
  const drawn = resourceOf(resource);
  if (drawn === '') return '';
  const alt = texted('AltText', altText);
  const through = linked('CompanionClickThrough', clickThrough);
  const four = atLeast(version, '4.0');
  const clicked = `<![CDATA[${trackingUrl(base, 'companionClick', macrosOf('companionClick'))}]]>`;
  const clicks =
    through === '' || !four
      ? ''
      : `<CompanionClickTracking id="breakwater">${clicked}</CompanionClickTracking>${(clickTrackers ?? [])
          .map((url, at) => linked('CompanionClickTracking', url, { id: `third-${at + 1}` }))
          .join('')}`;
  const viewed = `<Tracking event="creativeView"><![CDATA[${trackingUrl(base, 'companionView', macrosOf('companionView'))}]]></Tracking>`;
  const views = (viewTrackers ?? []).map((url) => linked('Tracking', url, { event: 'creativeView' })).join('');
  const tracking = element('TrackingEvents', viewed + views);
  const content = four ? drawn + alt + through + clicks + tracking : drawn + tracking + through + alt;
  return holding('Companion', content, { id, width, height });
}

/** Measurement by OMID, as the version writes it; 2.0 and 4.0 in an extension, 3.0 has no place for it. */
export function verificationsOf(verifications: readonly Verification[], version: VastVersion, base: string): string {
  return element('AdVerifications', verifications.map((each) => verificationOf(each, version, base)).join(''));
}

function verificationOf(verification: Verification, _version: VastVersion, base: string): string {
  const { vendor, url, browserOptional, parameters, notExecutedTrackers } = verification;
  const script = linked('JavaScriptResource', url, { apiFramework: 'omid', browserOptional: browserOptional ?? false });
  if (script === '') return '';
  const ours = trackingUrl(base, 'verificationNotExecuted', '&cb=[CACHEBUSTING]&reason=[REASON]');
  const told = `<Tracking event="verificationNotExecuted"><![CDATA[${ours}]]></Tracking>`;
  const others = (notExecutedTrackers ?? []).map((each) =>
    linked('Tracking', each, { event: 'verificationNotExecuted' }),
  );
  return holding(
    'Verification',
    script +
      element('TrackingEvents', told + others.join('')) +
      (parameters === undefined ? '' : element('VerificationParameters', cdata(parameters))),
    { vendor },
  );
}
