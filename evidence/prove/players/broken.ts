type Cuts = readonly (readonly [about: string, from: RegExp, to: string])[];

/** What is done to an honest document of 4.2, so that it is none. Each is found in it, or the case itself fails. */
const cuts: Cuts = [
  ['no AdSystem', /<AdSystem.*?<\/AdSystem>/s, ''],
  ['no Impression', /<Impression\b.*?<\/Impression>/s, ''],
  ['no AdServingId', /<AdServingId>.*?<\/AdServingId>/s, ''],
  ['no AdTitle', /<AdTitle>.*?<\/AdTitle>/s, ''],
  ['no Creatives', /<Creatives>.*<\/Creatives>/s, ''],
  ['no Duration', /<Duration>.*?<\/Duration>/s, ''],
  ['no MediaFiles', /<MediaFiles>.*?<\/MediaFiles>/s, ''],
  ['no MediaFile', /<MediaFile .*<\/MediaFile>/s, ''],
  ['no UniversalAdId', /<UniversalAdId.*?<\/UniversalAdId>/s, ''],
  ['AdSystem twice', /(<AdSystem.*?<\/AdSystem>)/s, '$1$1'],
  ['AdTitle twice', /(<AdTitle>.*?<\/AdTitle>)/s, '$1$1'],
  ['AdServingId twice', /(<AdServingId>.*?<\/AdServingId>)/s, '$1$1'],
  ['Duration twice', /(<Duration>.*?<\/Duration>)/s, '$1$1'],
  ['Linear twice', /(<Linear.*?<\/Linear>)/s, '$1$1'],
  ['Creatives twice', /(<Creatives>.*?<\/Creatives>)/s, '$1$1'],
  ['Expires twice', /(<Expires>.*?<\/Expires>)/s, '$1$1'],
  ['MediaFiles twice', /(<MediaFiles>.*?<\/MediaFiles>)/s, '$1$1'],
  ['title before its serving id', /(<AdServingId>.*?<\/AdServingId>)(<AdTitle>.*?<\/AdTitle>)/s, '$2$1'],
  ['impression before the error', /(<Error>.*?<\/Error>)(.*?)(<Impression\b.*?<\/Impression>)/s, '$3$1$2'],
  ['duration after the files', /(<Duration>.*?<\/Duration>)(<MediaFiles>.*?<\/MediaFiles>)/s, '$2$1'],
  [
    'duration before the tracking',
    /(<TrackingEvents>.*?<\/TrackingEvents>)(.*?)(<Duration>.*?<\/Duration>)/s,
    '$3$1$2',
  ],
  ['files after the clicks', /(<MediaFiles>.*?<\/MediaFiles>)(<VideoClicks>.*?<\/VideoClicks>)/s, '$2$1'],
  ['universal id first', /(<Linear.*?<\/Linear>)(<UniversalAdId.*?<\/UniversalAdId>)/s, '$2$1'],
  ['expires before the creatives', /(<Creatives>.*<\/Creatives>)(.*?)(<Expires>\d+<\/Expires>)/s, '$3$1$2'],
  ['a file without delivery', /(<MediaFile [^>]*?) delivery="\w+"/, '$1'],
  ['a file without type', /(<MediaFile [^>]*?) type="[^"]+"/, '$1'],
  ['a file without width', /(<MediaFile [^>]*?) width="\d+"/, '$1'],
  ['a file without height', /(<MediaFile [^>]*?) height="\d+"/, '$1'],
  ['a universal id without registry', / idRegistry="[^"]*"/, ''],
  ['tracking without an event', /<Tracking event="\w+"/, '<Tracking'],
  ['no version', / version="4.2"/, ''],
  ['another root', /<(\/?)VAST\b/g, '<$1VMAP'],
  ['an unknown element in the root', /<Ad /, '<Extra/><Ad '],
  ['an unknown element in InLine', /<InLine>/, '<InLine><Extra/>'],
  ['an unknown element in Linear', /<TrackingEvents>/, '<Extra/><TrackingEvents>'],
  ['an unknown element in MediaFiles', /<MediaFiles>/, '<MediaFiles><Extra/>'],
  ['an element in a file', /(<MediaFile [^>]*>)/, '$1<b/>'],
  ['an error beside ads', /<\/VAST>/, '<Error>https://a.example/</Error></VAST>'],
  ['an ad that is both', /<\/InLine>/, '</InLine><Wrapper/>'],
  ['sequence nought', / sequence="1"><InLine/, ' sequence="0"><InLine'],
  ['sequence below nought', / sequence="1"><InLine/, ' sequence="-1"><InLine'],
  ['the same sequence twice', / sequence="2"/, ' sequence="1"'],
  ['sequences that fall', / sequence="1"><InLine/, ' sequence="9"><InLine'],
  ['the same serving id twice', /(<AdServingId>)(.*?)(<.*<AdServingId>).*?</s, '$1$2$3$2<'],
  ['a program alone', /<MediaFile (?![^>]*apiFramework)/g, '<MediaFile apiFramework="VPAID" '],
  ['a file of another scheme', /(<MediaFile [^>]*><!\[CDATA\[)https?:/, '$1ftp:'],
  ['a tracker of another scheme', /(<Tracking [^>]*><!\[CDATA\[)https?:/, '$1javascript:'],
  ['an end too few', /<\/Linear>/, ''],
  ['an open section', /\]\]><\/Impression>/, '</Impression>'],
  ['a bare ampersand', /<AdTitle>/, '<AdTitle>& '],
  ['half a document', /<Creatives>.*$/s, ''],
  ['a control character', /<AdTitle>/, '<AdTitle>\u0001'],
];

/** The same of VMAP with one break that is decided and one that is told by a tag. */
const streamCuts: Cuts = [
  ['another root', /<(\/?)vmap:VMAP/g, '<$1vmap:MAP'],
  ['no version', / version="1.0"/, ''],
  ['another namespace', /videosuite\/vmap/, 'videosuite/other'],
  ['a break of no namespace', /<(\/?)vmap:AdBreak/g, '<$1AdBreak'],
  ['no offset', / timeOffset="[^"]*"/, ''],
  ['no type of break', / breakType="[^"]*"/, ''],
  ['three digits of hours', / timeOffset="[^"]*"/, ' timeOffset="277:46:39.000"'],
  ['a part of a percent', / timeOffset="[^"]*"/, ' timeOffset="12.5%"'],
  ['more than all', / timeOffset="[^"]*"/, ' timeOffset="101%"'],
  ['bare seconds', / timeOffset="[^"]*"/, ' timeOffset="600"'],
  ['a break before the first', / timeOffset="[^"]*"/, ' timeOffset="#0"'],
  ['the same break twice', / breakId="two"/, ' breakId="one"'],
  ['a source without anything', /<vmap:VASTAdData>.*<\/vmap:VASTAdData>/s, ''],
  ['a source of two', /(<vmap:AdTagURI.*<\/vmap:AdTagURI>)/s, '$1$1'],
  ['data without a document', /<VAST .*<\/VAST>/s, ''],
  ['a tag of no type', / templateType="[^"]*"/, ''],
  ['a tag of another scheme', /(<vmap:AdTagURI[^>]*><!\[CDATA\[)https:/, '$1ftp:'],
  ['trackers before the source', /(<vmap:AdSource.*?<\/vmap:AdSource>)(<vmap:Trac.*?Events>)/s, '$2$1'],
  ['an unknown event', / event="breakStart"/, ' event="start"'],
  ['an unknown element', /<vmap:AdSource/, '<vmap:Extra/><vmap:AdSource'],
  ['an end too few', /<\/vmap:AdBreak>/, ''],
];

export interface Broken {
  readonly about: string;
  readonly xml: string;
}

/** Broken documents, each made of the whole one by one change. */
export function brokenFrom(whole: string): readonly Broken[] {
  return each(cuts, whole);
}

export function brokenStreamsFrom(whole: string): readonly Broken[] {
  return each(streamCuts, whole);
}

function each(made: Cuts, whole: string): readonly Broken[] {
  return made.map(([about, from, to]) => ({ about, xml: whole.replace(from, to) }));
}
