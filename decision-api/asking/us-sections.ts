import { bytesOf, numberAt } from './bits.ts';
import { sectionIds } from './gpp.ts';

/** Where a version of a section says what matters here, in bits of its core segment; each field has two. */
interface Layout {
  readonly bits: number;
  /** Opt-outs of sale, of sharing and of targeted advertising, as far as the section has them. */
  readonly optOutsAt: number;
  readonly optOuts: number;
  /** What is known of children. */
  readonly childrenAt: number;
  readonly children: number;
}

const layout = (bits: number, optOutsAt: number, optOuts: number, childrenAt: number, children: number): Layout => ({
  bits,
  optOutsAt,
  optOuts,
  childrenAt,
  children,
});

const national: Readonly<Record<number, Layout>> = {
  1: layout(60, 18, 3, 48, 2),
  2: layout(70, 18, 3, 56, 3),
};

/** Version 1 of the sections of states: https://github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform */
const states: ReadonlyMap<number, Layout> = new Map([
  [8, layout(46, 12, 2, 34, 2)],
  [9, layout(40, 12, 2, 32, 1)],
  [10, layout(38, 12, 2, 30, 1)],
  [11, layout(42, 14, 2, 34, 1)],
  [12, layout(44, 12, 2, 32, 3)],
  [13, layout(46, 12, 2, 32, 3)],
  [14, layout(46, 12, 2, 32, 3)],
  [15, layout(52, 12, 2, 38, 3)],
  [16, layout(42, 12, 2, 32, 1)],
  [17, layout(52, 12, 2, 34, 5)],
  [18, layout(42, 14, 2, 34, 1)],
  [19, layout(42, 12, 2, 32, 1)],
  [20, layout(46, 12, 2, 32, 3)],
  [21, layout(54, 12, 2, 36, 5)],
  [22, layout(42, 12, 2, 32, 1)],
  [23, layout(42, 12, 2, 32, 1)],
  [24, layout(22, 16, 2, 20, 0)],
  [25, layout(24, 16, 2, 20, 1)],
  [26, layout(24, 16, 2, 20, 1)],
  [27, layout(24, 16, 2, 20, 1)],
]);

/** Indiana, Kentucky and Rhode Island: what stands behind the core there is of sensitive data. */
const withoutControl: ReadonlySet<number> = new Set([25, 26, 27]);

export function isUsSection(id: number): boolean {
  return id === sectionIds.usNational || states.has(id);
}

/** What a section of the United States says: of a known child, of one who opted out, or neither. Null: it cannot be read. */
export function readUsSection(id: number, text: string): 'child' | 'opt_out' | 'none' | null {
  const [core = '', ...segments] = text.split('.', 4);
  const bytes = bytesOf(core, 6);
  if (bytes === null) return null;
  const version = numberAt(bytes, 0, 6);
  const read = id === sectionIds.usNational ? national[version] : version === 1 ? states.get(id) : undefined;
  if (read === undefined || core.length * 6 < read.bits) return null;
  const optOuts = fieldsAt(bytes, read.optOutsAt, read.optOuts);
  const children = fieldsAt(bytes, read.childrenAt, read.children);
  if ([...optOuts, ...children].includes(3)) return null;
  // 1 is an opt-out; what is said of known children, with consent or without, is never nothing.
  if (children.some((each) => each !== 0)) return 'child';
  return optOuts.includes(1) || (!withoutControl.has(id) && segments.some(isGlobalControl)) ? 'opt_out' : 'none';
}

function fieldsAt(bytes: Buffer, at: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => numberAt(bytes, at + n * 2, 2));
}

/** A segment of type 1: Global Privacy Control. What is none has to be taken for one. */
function isGlobalControl(segment: string): boolean {
  const bytes = bytesOf(segment, 3);
  return bytes === null || (numberAt(bytes, 0, 2) === 1 && numberAt(bytes, 2, 1) === 1);
}
