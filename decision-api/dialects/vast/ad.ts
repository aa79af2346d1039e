import { macrosOf } from '../../draft.ts';
import { xmlText } from '../escape.ts';
import type { Shown } from '../shown.ts';
import { companionsOf, verificationsOf } from './drawn.ts';
import { type Around, linearOf, told, wrapperLinear } from './linear.ts';
import { slot, type Template, templateOf, trackingUrl } from './slots.ts';
import { atLeast, type VastVersion } from './versions.ts';
import { element, holding, linked, texted } from './words.ts';

/** How ads of a document are written. */
export interface AdStyle {
  readonly version: VastVersion;
  /** How tracking URLs begin. */
  readonly base: string;
  /** The caller may see prices. */
  readonly priced: boolean;
  /** The caller wants to tell what it did not use. */
  readonly notUsed: boolean;
}

/** The ad of a creative, with holes for what belongs to a decision. */
export function adTemplate(shown: Shown, style: AdStyle): Template {
  const { version } = style;
  const around = { shown, version, base: style.base };
  const four = atLeast(version, '4.0');
  const tag = shown.creative.vastTagUrl;
  const inner =
    tag === undefined
      ? holding('InLine', four ? inLine4(around, style) : inLine3(around, style))
      : holding('Wrapper', four ? wrapper4(around, style, tag) : wrapper3(around, tag), wrapperLimits(version));
  return templateOf(`<Ad id="${slot('ad')}"${slot('sequence')}>${inner}</Ad>`);
}

/** One ad behind a tag, and no other in its place: the pod was chosen as it is. */
function wrapperLimits(version: VastVersion): Readonly<Record<string, boolean>> {
  if (!atLeast(version, '4.0')) return {};
  return { followAdditionalWrappers: true, allowMultipleAds: false, fallbackOnNoAd: false };
}

const system = '<AdSystem version="1.0">Breakwater</AdSystem>';

function inLine4(around: Around, style: AdStyle): string {
  const { shown, version, base } = around;
  const { creative } = shown;
  const servingId = atLeast(version, '4.1') ? holding('AdServingId', slot('ad')) : '';
  const verified = atLeast(version, '4.1') ? verificationsOf(creative.verifications ?? [], version, base) : '';
  const expires = atLeast(version, '4.1') ? holding('Expires', slot('expires')) : '';
  return [
    definition4(around, style),
    servingId,
    texted('AdTitle', creative.title ?? creative.name) || holding('AdTitle', 'Ad'),
    verified,
    texted('Advertiser', shown.advertiserName),
    categoriesOf(shown),
    holding('Creatives', creative4(around)),
    texted('Description', creative.description),
    expires,
  ].join('');
}

/** What InLine and Wrapper share from 4.0 on. */
function definition4(around: Around, style: AdStyle): string {
  return [
    system,
    errorOf(around) + told(around, 'error', 'Error'),
    extensionsOf(around, style),
    impressions(around),
    style.priced ? pricingOf(around.shown) : '',
    viewableOf(around),
  ].join('');
}

function errorOf({ base }: Around): string {
  return `<Error><![CDATA[${trackingUrl(base, 'error', macrosOf('error'))}]]></Error>`;
}

function impressions(around: Around, id: string | null = 'breakwater'): string {
  const url = trackingUrl(around.base, 'impression', macrosOf('impression'));
  const ours = id === null ? '<Impression>' : `<Impression id="${id}">`;
  return `${ours}<![CDATA[${url}]]></Impression>${told(around, 'impression', 'Impression')}`;
}

function viewableOf(around: Around): string {
  const each = (event: 'viewable' | 'notViewable' | 'viewUndetermined', name: string) =>
    `<${name}><![CDATA[${trackingUrl(around.base, event, macrosOf(event))}]]></${name}>${told(around, event, name)}`;
  return holding(
    'ViewableImpression',
    each('viewable', 'Viewable') + each('notViewable', 'NotViewable') + each('viewUndetermined', 'ViewUndetermined'),
  );
}

const models = { cpm: 'cpm', cpc: 'cpc', cpv: 'cpv', flat: null } as const;

/** For a thousand impressions, one click or one view. A flat price has no word. */
function pricingOf({ pricing: { model, priceMicros } }: Shown): string {
  const word = models[model];
  if (word === null) return '';
  const micros = word === 'cpm' ? priceMicros * 1_000 : priceMicros;
  const value = `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}`;
  return `<Pricing model="${word}" currency="USD">${value}</Pricing>`;
}

function extensionsOf({ shown: { creative }, version, base }: Around, { notUsed }: AdStyle): string {
  // 3.0's schema knows extensions without a type alone.
  const typed = (type: string, content: string) => element('Extension', content, version === '3.0' ? {} : { type });
  const verified =
    version === '2.0' || version === '4.0'
      ? typed('AdVerifications', verificationsOf(creative.verifications ?? [], version, base))
      : '';
  const unused = notUsed
    ? typed(
        'notUsed',
        `<Tracking event="notUsed"><![CDATA[${trackingUrl(base, 'notUsed', macrosOf('notUsed'))}]]></Tracking>`,
      )
    : '';
  return element('Extensions', verified + unused);
}

function categoriesOf({ creative: { adCategories } }: Shown): string {
  if (!adCategories) return '';
  const authority = `https://iabtechlab.com/standards/taxonomy/${adCategories.taxonomy}`;
  return adCategories.ids.map((id) => texted('Category', id, { authority })).join('');
}

/** The same for a file in every answer: stitchers transcode by it. */
function creative4(around: Around): string {
  const { shown, version, base } = around;
  const { creative } = shown;
  const { registry, value } = creative.universalAdId ?? { registry: 'unknown', value: creative.id };
  const universal = { idRegistry: registry, ...(version === '4.0' ? { idValue: value } : {}) };
  return holding(
    'Creative',
    companionsOf(creative.companions ?? [], version, base) +
      linearOf(around) +
      holding('UniversalAdId', xmlText(value), universal),
    { sequence: 1, id: creative.id, adId: creative.id },
  );
}

function wrapper4(around: Around, style: AdStyle, tag: string): string {
  const { shown, version, base } = around;
  const verified = atLeast(version, '4.1') ? verificationsOf(shown.creative.verifications ?? [], version, base) : '';
  const companions = companionsOf(shown.creative.companions ?? [], version, base);
  return [
    definition4(around, style),
    verified,
    holding('Creatives', holding('Creative', companions + wrapperLinear(around), { id: shown.creative.id })),
    linked('VASTAdTagURI', tag),
  ].join('');
}

function inLine3(around: Around, style: AdStyle): string {
  const { shown, version } = around;
  const { creative } = shown;
  const three = version === '3.0';
  return [
    system,
    texted('AdTitle', creative.title ?? creative.name) || holding('AdTitle', 'Ad'),
    texted('Description', creative.description),
    three ? texted('Advertiser', shown.advertiserName) : '',
    three && style.priced ? pricingOf(shown) : '',
    // One is all there is room for: a third party's goes without.
    errorOf(around),
    impressions(around),
    holding('Creatives', creatives3(around, linearOf(around))),
    extensionsOf(around, style),
  ].join('');
}

function wrapper3(around: Around, tag: string): string {
  return [
    system,
    linked('VASTAdTagURI', tag),
    errorOf(around),
    impressions(around, null),
    holding('Creatives', creatives3(around, wrapperLinear(around))),
  ].join('');
}

/** Before 4.0 a creative is one thing alone. */
function creatives3({ shown: { creative }, version, base }: Around, linear: string): string {
  const about = { id: creative.id, AdID: creative.universalAdId?.value ?? creative.id };
  const companions = companionsOf(creative.companions ?? [], version, base);
  return holding('Creative', linear, about) + element('Creative', companions, { id: `${creative.id}-companions` });
}
