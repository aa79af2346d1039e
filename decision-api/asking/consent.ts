import { createRequire } from 'node:module';
import { readTcf } from './tcf.ts';

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
  const said = gpp ? saidByGpp(gpp, gpp_sid ?? [], vendor) : 'unstated';
  if (coppa || said === 'child') return 'child';
  if (given === false || granted === false || said === 'refused' || isOptOut(us_privacy)) return 'refused';
  // Where the law does not apply, what the string says of it does not either.
  const tcf = string && gdpr !== false && gdpr !== 0 ? saidByTcf(string, vendor) : 'unstated';
  if (tcf === 'refused') return 'refused';
  if (tcf === 'given' || said === 'given' || given === true || granted === true) return 'given';
  return gdpr ? 'refused' : 'unstated';
}

/** https://github.com/InteractiveAdvertisingBureau/USPrivacy: version, notice, opt-out of sale, LSPA. */
function isOptOut(text: string | undefined): boolean {
  return text !== undefined && /^1[YN-]Y[YN-]$/i.test(text);
}

type Said = 'unstated' | 'given' | 'refused' | 'child';

const remembered = 5_000;

/** What was said by strings that came before: players send theirs with each request. */
function remembering<A extends readonly unknown[]>(read: (...args: A) => Said): (...args: A) => Said {
  const known = new Map<string, Said>();
  return (...args) => {
    const key = args.join('/');
    const found = known.get(key);
    if (found !== undefined) return found;
    const said = readOrRefuse(() => read(...args));
    if (known.size >= remembered) known.clear();
    known.set(key, said);
    return said;
  };
}

function readOrRefuse(read: () => Said): Said {
  try {
    return read();
  } catch {
    // The decoder throws whatever they come across; what they cannot read has granted nothing.
    return 'refused';
  }
}

/** Purpose 1, to store and read on a device, and where we have a number on the vendors' list, that we may. */
const saidByTcf = remembering((text: string, vendor: number | null): Said => {
  const said = readTcf(text, vendor);
  return said?.purpose1 && said.vendor ? 'given' : 'refused';
});

type GppModule = typeof import('@iabgpp/cmpapi');
type Fields = Readonly<Record<string, unknown>>;

const required = createRequire(import.meta.url);
/** Loaded when the first GPP string comes: it takes a third of a second. */
const gppModule = () => required('@iabgpp/cmpapi') as GppModule;
const TCF_EU = 'tcfeuv2';
const US_PRIVACY = 'uspv1';
const optOuts = ['SaleOptOut', 'SharingOptOut', 'TargetedAdvertisingOptOut'];

const saidByGpp = remembering((text: string, sections: readonly number[], vendor: number | null): Said => {
  const model = new (gppModule().GppModel)(text);
  const ids = model.getSectionIds() as readonly number[];
  const names = gppModule().Sections.SECTION_ID_NAME_MAP;
  const applying = sections.length === 0 ? ids : ids.filter((id) => sections.includes(id));
  const said = applying.map((id) => {
    const name = names.get(id) ?? '';
    const fields = model.getSection(name) as Fields;
    if (name === TCF_EU) return ofEurope(fields, vendor);
    if (name === US_PRIVACY) return fields.OptOutSale === 'Y' ? 'refused' : 'unstated';
    return ofStates(fields);
  });
  return (['child', 'refused', 'given'] as const).find((each) => said.includes(each)) ?? 'unstated';
});

function ofEurope({ PurposeConsents, VendorConsents }: Fields, vendor: number | null): Said {
  const granted = Array.isArray(PurposeConsents) && PurposeConsents[0] === true;
  const known = vendor === null || (Array.isArray(VendorConsents) && VendorConsents.includes(vendor));
  return granted && known ? 'given' : 'refused';
}

/** The national section and those of the states: 1 is an opt-out, and what is said of known children is never nothing. */
function ofStates(fields: Fields): Said {
  const children = [fields.KnownChildSensitiveDataConsents].flat();
  if (children.some((each) => each === 1 || each === 2)) return 'child';
  return optOuts.some((name) => fields[name] === 1) || fields.Gpc === true ? 'refused' : 'unstated';
}
