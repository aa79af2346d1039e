import { sectionIds, sectionsOf } from './gpp.ts';
import { readTcf, readTcfOfCanada, type TcfSaid } from './tcf.ts';
import { isUsSection, readUsSection } from './us-sections.ts';

/** On what ground ids are kept: nothing was said, it was given; or not kept: it was refused, the viewer is a child. */
export type ConsentGround = 'unstated' | 'given' | 'refused' | 'child';

/** What a caller says of consent, in the words of its own or of the IAB. */
export interface ConsentSignals {
  readonly given?: boolean | undefined;
  readonly granted?: boolean | undefined;
  readonly gdpr?: boolean | 0 | 1 | undefined;
  readonly coppa?: boolean | 0 | 1 | undefined;
  /** A TCF v2 string. */
  readonly string?: string | undefined;
  /** A GPP string, and the sections of it that apply; none named: all of them. */
  readonly gpp?: string | undefined;
  readonly gpp_sid?: readonly number[] | undefined;
  /** A US Privacy string: 1YNN. */
  readonly us_privacy?: string | undefined;
}

/** The strictest of all that was said wins; asked for by law and not answered, or not readable, is refused. */
export function groundOf(signals: ConsentSignals | undefined, vendor: number | null = null): ConsentGround {
  if (signals === undefined) return 'unstated';
  const { given, granted, gdpr, coppa, string, gpp, gpp_sid, us_privacy } = signals;
  const said = saidByGpp(gpp, gpp_sid, vendor);
  if (coppa || said === 'child') return 'child';
  // Where the law does not apply, what the string says of it does not either.
  const tcf = string && gdpr !== false && gdpr !== 0 ? saidByTcf(readTcf(string, vendor)) : 'unstated';
  const us = us_privacy ? saidByUsPrivacy(us_privacy) : 'unstated';
  if (given === false || granted === false || [said, tcf, us].includes('refused')) return 'refused';
  if (tcf === 'given' || said === 'given' || given === true || granted === true) return 'given';
  return gdpr ? 'refused' : 'unstated';
}

/** Purpose 1, to store and read on a device, and where we have a number on the vendors' list, that we may. */
function saidByTcf(said: TcfSaid | null): ConsentGround {
  return said?.purpose1 && said.vendor ? 'given' : 'refused';
}

/** https://github.com/InteractiveAdvertisingBureau/USPrivacy: version, notice, opt-out of sale, LSPA. */
function saidByUsPrivacy(text: string): ConsentGround {
  return /^1[YN-][N-][YN-]$/i.test(text) ? 'unstated' : 'refused';
}

const strictestFirst = ['child', 'refused', 'given'] as const;

function saidByGpp(text: string | undefined, named: readonly number[] | undefined, vendor: number | null) {
  const sections = text ? sectionsOf(text) : new Map<number, string>();
  if (sections === null) return 'refused';
  const said = applying(named ?? [], sections).map((id) => saidBySection(id, sections.get(id), vendor));
  return strictestFirst.find((each) => said.includes(each)) ?? 'unstated';
}

/** The sections that are named, else all: 0 says that it is not known which, -1 that none applies. */
function applying(named: readonly number[], sections: ReadonlyMap<number, string>): readonly number[] {
  const ids = named.filter((id) => id > 0);
  if (ids.length > 0) return ids;
  return named.includes(-1) ? [] : [...sections.keys()];
}

/** In Europe and Canada who said nothing has not consented; in the United States who said nothing has not opted out. */
function saidBySection(id: number, text: string | undefined, vendor: number | null): ConsentGround {
  if (id === sectionIds.europe) return saidByTcf(text ? readTcf(text, vendor) : null);
  if (id === sectionIds.canada) return saidByTcf(text ? readTcfOfCanada(text, vendor) : null);
  if (id === sectionIds.usPrivacy) return text === undefined ? 'unstated' : saidByUsPrivacy(text);
  if (isUsSection(id)) return text === undefined ? 'unstated' : saidByUs(id, text);
  // Parts of the string itself; a law of which we know nothing may ask for consent.
  return id === sectionIds.header || id === sectionIds.integrity ? 'unstated' : 'refused';
}

function saidByUs(id: number, text: string): ConsentGround {
  const said = readUsSection(id, text);
  if (said === 'child') return 'child';
  return said === 'none' ? 'unstated' : 'refused';
}
