import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { EngineError } from '../../engines/errors.ts';

/** An element of a document, its children in order. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Its own text, without spaces around it. */
  readonly text: string;
}

const LEVELS_MAX = 32;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  htmlEntities: true,
  maxNestedTags: LEVELS_MAX,
});

type Parsed = Readonly<Record<string, unknown>>;

/**
 * The root of a stranger's document. Throws EngineError `refused` where it is not well-formed, lies too deep, or declares anything of its
 * own: entities that grow are declared, and no VAST needs any.
 */
export function readXml(text: string): Element {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw new EngineError('refused', 'its answer declares a document type');
  const wrong = XMLValidator.validate(text);
  if (wrong !== true) throw new EngineError('refused', `its answer is not XML: ${wrong.err.msg}`);
  let nodes: readonly Parsed[];
  try {
    nodes = parser.parse(text) as readonly Parsed[];
  } catch (error) {
    throw new EngineError('refused', `its answer cannot be read: ${(error as Error).message}`, error);
  }
  const [root] = nodes.flatMap(elementOf);
  if (root === undefined) throw new EngineError('refused', 'its answer has no element');
  return root;
}

function elementOf(node: Parsed): readonly Element[] {
  const name = Object.keys(node).find((key) => key !== ':@' && key !== '#text');
  if (name === undefined) return [];
  const inner = node[name] as readonly Parsed[];
  return [
    {
      name,
      attributes: (node[':@'] ?? {}) as Readonly<Record<string, string>>,
      children: inner.flatMap(elementOf),
      text: inner
        .map((each) => each['#text'] ?? '')
        .join('')
        .trim(),
    },
  ];
}

/** Everything that a path of names leads to, in the order of the document. */
export function at(element: Element, ...path: readonly string[]): readonly Element[] {
  let found: readonly Element[] = [element];
  for (const name of path) found = found.flatMap(({ children }) => children.filter((each) => each.name === name));
  return found;
}

/** The text of the first; undefined: there is none, or it is empty. */
export function textAt(element: Element, ...path: readonly string[]): string | undefined {
  return at(element, ...path)[0]?.text || undefined;
}
