import type { AdRequestBody } from '../../routes/ad-request-schema.ts';
import type { BidRequest, Imp, Video } from './request.ts';

/** One impression object of video as a pod of ours: a slot of a structured pod is a pod of one. */
export interface PodWanted {
  readonly imp: Imp;
  readonly video: Video;
  /** What is not to be in it twice: slots of one pod share it. */
  readonly podKey: string;
  readonly dynamic: boolean;
  readonly body: AdRequestBody;
}

/** How long an ad may be where nobody says it. */
const UNSAID_SECONDS = 120;
/** What a pod of ours may be; of more that is asked for, this much is given. */
const POD_SECONDS_MAX = 3_600;
const ADS_MAX = 30;
const LENGTHS_MAX = 30;

/**
 * The pods of a request: dynamic ones have `poddur`, slots of structured ones a length; a hybrid pod is both under one `podid`. Those
 * that come first in the stream are decided first, and in a pod the slots whose place is promised.
 */
export function podsOf(request: BidRequest, year: number, base: string): readonly PodWanted[] {
  const viewer = viewerBody(request, year);
  const pods = request.imp.flatMap((imp, at) => {
    const { video } = imp;
    if (!video || whyNot(imp, base) !== null) return [];
    const podKey = video.podid === undefined ? `imp ${at}` : `pod ${video.podid}`;
    return [{ imp, video, podKey, dynamic: video.poddur !== undefined, body: { ...viewer, ...rulesOf(video) } }];
  });
  return pods.toSorted((a, b) => rank(b.video.podseq) - rank(a.video.podseq) || place(a.video) - place(b.video));
}

/** Why an impression cannot be bid for, whatever is in the catalog; null: it can. */
export function whyNot(
  { video, bidfloor, bidfloorcur, pmp, secure }: Imp,
  base: string,
): 'no_video' | 'currency' | 'private_auction' | 'insecure' | null {
  // What stands beside the content is not made here.
  if (!video || video.linearity === 2) return 'no_video';
  const floors = [bidfloor, video.mincpmpersec, ...(video.durfloors ?? []).map((each) => each.bidfloor)];
  const foreign = bidfloorcur !== undefined && bidfloorcur.toUpperCase() !== 'USD';
  if (foreign && floors.some((floor = 0) => floor > 0)) return 'currency';
  // Every bid holds our own trackers.
  if (secure === 1 && !base.startsWith('https:')) return 'insecure';
  return pmp?.private_auction === 1 ? 'private_auction' : null;
}

/** First, anywhere, last. */
function rank(podseq = 0): number {
  return podseq;
}

function place({ slotinpod = 0 }: Video): number {
  return slotinpod === 1 ? 0 : slotinpod === 0 ? 2 : 1;
}

function rulesOf({ poddur, maxseq, maxduration, rqddurs, startdelay }: Video): Partial<AdRequestBody> {
  const longest = rqddurs?.length ? Math.max(...rqddurs) : maxduration;
  const durationSeconds = Math.min(POD_SECONDS_MAX, poddur ?? (longest || UNSAID_SECONDS));
  const allowed = rqddurs?.filter((seconds) => seconds <= durationSeconds).slice(0, LENGTHS_MAX);
  return {
    pod_duration: durationSeconds,
    max_ads: poddur === undefined ? 1 : Math.min(ADS_MAX, maxseq || ADS_MAX),
    min_ads: 1,
    ...(allowed?.length ? { pod: { allowed_durations: allowed } } : {}),
    ...(startdelay !== undefined && startdelay >= 0 ? { break: { offset_seconds: startdelay } } : {}),
  };
}

const deviceTypes: Readonly<Record<number, string>> = {
  1: 'mobile',
  2: 'desktop',
  3: 'smart_tv',
  4: 'mobile',
  5: 'tablet',
  6: 'streaming_stick',
  7: 'set_top_box',
};

function viewerBody({ device, user, regs, app, site, test }: BidRequest, year: number): AdRequestBody {
  const { geo } = device ?? {};
  const content = app?.content ?? site?.content;
  const type = device?.devicetype === undefined ? undefined : deviceTypes[device.devicetype];
  const said = { ...regs?.ext, ...regs };
  return {
    ...(test === 1 ? { test: true } : {}),
    ...given('device', {
      type,
      ip: device?.ip ?? device?.ipv6,
      ua: device?.ua,
      ifa: device?.ifa,
      brand: device?.make,
      os: device?.os,
      lmt: device?.lmt === 1 || device?.dnt === 1 ? true : undefined,
    }),
    ...given('user', {
      id: user?.id,
      age: ageOf(user?.yob, year),
      gender: genderOf(user?.gender),
    }),
    ...given('geo', {
      country: alpha2(geo?.country),
      region: geo?.region,
      city: geo?.city,
      dma: geo?.metro?.toString(),
    }),
    ...given('content', {
      category: content?.cat?.[0],
      genre: content?.genre?.slice(0, 256),
      rating: content?.contentrating?.slice(0, 256),
    }),
    ...given('consent', {
      coppa: saidAnywhere(regs?.coppa, regs?.ext?.coppa),
      gdpr: saidAnywhere(regs?.gdpr, regs?.ext?.gdpr),
      string: user?.consent ?? user?.ext?.consent,
      us_privacy: said.us_privacy,
      gpp: said.gpp,
      gpp_sid: said.gpp_sid,
    }),
  };
}

function given(name: string, fields: Readonly<Record<string, unknown>>): AdRequestBody {
  const said = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''));
  return Object.keys(said).length === 0 ? {} : ({ [name]: said } as AdRequestBody);
}

/** Of two places that may say it the stricter one counts; undefined: neither says it. */
function saidAnywhere(one: 0 | 1 | undefined, other: 0 | 1 | undefined): boolean | undefined {
  return one === undefined && other === undefined ? undefined : one === 1 || other === 1;
}

/** A year in which nobody who lives was born is none. */
function ageOf(yob: number | undefined, year: number): number | undefined {
  const age = year - (yob ?? 0);
  return age >= 0 && age <= 120 ? age : undefined;
}

function genderOf(gender: string | undefined): string | undefined {
  return gender === 'M' ? 'male' : gender === 'F' ? 'female' : gender === 'O' ? 'other' : undefined;
}

/** ISO 3166-1: alpha-3, which OpenRTB has, to alpha-2. */
const alpha3: Readonly<Record<string, string>> = Object.fromEntries(
  (
    'ABW:AW AFG:AF AGO:AO AIA:AI ALA:AX ALB:AL AND:AD ARE:AE ARG:AR ARM:AM ASM:AS ATA:AQ ATF:TF ATG:AG AUS:AU AUT:AT AZE:AZ BDI:BI BEL:BE ' +
    'BEN:BJ BES:BQ BFA:BF BGD:BD BGR:BG BHR:BH BHS:BS BIH:BA BLM:BL BLR:BY BLZ:BZ BMU:BM BOL:BO BRA:BR BRB:BB BRN:BN BTN:BT BVT:BV BWA:BW ' +
    'CAF:CF CAN:CA CCK:CC CHE:CH CHL:CL CHN:CN CIV:CI CMR:CM COD:CD COG:CG COK:CK COL:CO COM:KM CPV:CV CRI:CR CUB:CU CUW:CW CXR:CX CYM:KY ' +
    'CYP:CY CZE:CZ DEU:DE DJI:DJ DMA:DM DNK:DK DOM:DO DZA:DZ ECU:EC EGY:EG ERI:ER ESH:EH ESP:ES EST:EE ETH:ET FIN:FI FJI:FJ FLK:FK FRA:FR ' +
    'FRO:FO FSM:FM GAB:GA GBR:GB GEO:GE GGY:GG GHA:GH GIB:GI GIN:GN GLP:GP GMB:GM GNB:GW GNQ:GQ GRC:GR GRD:GD GRL:GL GTM:GT GUF:GF GUM:GU ' +
    'GUY:GY HKG:HK HMD:HM HND:HN HRV:HR HTI:HT HUN:HU IDN:ID IMN:IM IND:IN IOT:IO IRL:IE IRN:IR IRQ:IQ ISL:IS ISR:IL ITA:IT JAM:JM JEY:JE ' +
    'JOR:JO JPN:JP KAZ:KZ KEN:KE KGZ:KG KHM:KH KIR:KI KNA:KN KOR:KR KWT:KW LAO:LA LBN:LB LBR:LR LBY:LY LCA:LC LIE:LI LKA:LK LSO:LS LTU:LT ' +
    'LUX:LU LVA:LV MAC:MO MAF:MF MAR:MA MCO:MC MDA:MD MDG:MG MDV:MV MEX:MX MHL:MH MKD:MK MLI:ML MLT:MT MMR:MM MNE:ME MNG:MN MNP:MP MOZ:MZ ' +
    'MRT:MR MSR:MS MTQ:MQ MUS:MU MWI:MW MYS:MY MYT:YT NAM:NA NCL:NC NER:NE NFK:NF NGA:NG NIC:NI NIU:NU NLD:NL NOR:NO NPL:NP NRU:NR NZL:NZ ' +
    'OMN:OM PAK:PK PAN:PA PCN:PN PER:PE PHL:PH PLW:PW PNG:PG POL:PL PRI:PR PRK:KP PRT:PT PRY:PY PSE:PS PYF:PF QAT:QA REU:RE ROU:RO RUS:RU ' +
    'RWA:RW SAU:SA SDN:SD SEN:SN SGP:SG SGS:GS SHN:SH SJM:SJ SLB:SB SLE:SL SLV:SV SMR:SM SOM:SO SPM:PM SRB:RS SSD:SS STP:ST SUR:SR SVK:SK ' +
    'SVN:SI SWE:SE SWZ:SZ SXM:SX SYC:SC SYR:SY TCA:TC TCD:TD TGO:TG THA:TH TJK:TJ TKL:TK TKM:TM TLS:TL TON:TO TTO:TT TUN:TN TUR:TR TUV:TV ' +
    'TWN:TW TZA:TZ UGA:UG UKR:UA UMI:UM URY:UY USA:US UZB:UZ VAT:VA VCT:VC VEN:VE VGB:VG VIR:VI VNM:VN VUT:VU WLF:WF WSM:WS YEM:YE ZAF:ZA ' +
    'ZMB:ZM ZWE:ZW'
  )
    .split(' ')
    .map((pair) => pair.split(':')),
);

function alpha2(country: string | undefined): string | undefined {
  return country === undefined ? undefined : (alpha3[country.toUpperCase()] ?? country);
}
