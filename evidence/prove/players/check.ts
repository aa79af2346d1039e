import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { XmlDocument, type XmlElement, XsdValidator } from 'libxml2-wasm';
import { type Node, orderFault } from './order.ts';
import { streamFault } from './stream.ts';

/** Schema files by version; 4.3 is a version of 4.2's document. */
const files: Readonly<Record<string, string>> = {
  '2.0': 'vast_2.0.1.xsd',
  '3.0': 'vast3_draft.xsd',
  '4.0': 'vast4.xsd',
  '4.1': 'vast_4.1.xsd',
  '4.2': 'vast_4.2.xsd',
  '4.3': 'vast_4.2.xsd',
};

export interface Checker {
  /** What is wrong with a document after its macros were filled in; null: nothing. */
  fault(xml: string, version: string): string | null;
  /** What is wrong with VMAP around its documents; null: nothing. */
  streamFault(xml: string): string | null;
  /** Elements of the last document, by name. */
  readonly counts: ReadonlyMap<string, number>;
  readonly root: Node | null;
}

/** Checks by the schemas in a folder where there is one, and by our own table and rules in any case. */
export function checkerOf(folder: string | null): Checker {
  const schemas = new Map<string, XsdValidator>();
  if (folder !== null) {
    for (const file of new Set(Object.values(files))) {
      const text = readFileSync(join(folder, file), 'utf8').replace(/^\ufeff/, '');
      schemas.set(file, XsdValidator.fromDoc(XmlDocument.fromString(text)));
    }
  }
  let counts = new Map<string, number>();
  let root: Node | null = null;
  const parsed = (xml: string, check: (document: XmlDocument, root: Node) => string | null): string | null => {
    counts = new Map();
    root = null;
    let document: XmlDocument;
    try {
      document = XmlDocument.fromString(filled(xml));
    } catch (error) {
      return `does not parse: ${told(error)}`;
    }
    try {
      root = nodeOf(document.root, counts);
      return check(document, root);
    } catch (error) {
      return `invalid: ${told(error)}`;
    } finally {
      document.dispose();
    }
  };
  return {
    get counts() {
      return counts;
    },
    get root() {
      return root;
    },
    fault: (xml, version) =>
      parsed(xml, (document, root) => {
        const file = files[version];
        if (folder !== null && file) schemas.get(file)?.validate(document);
        return orderFault(root, version) ?? ruleFault(root, version);
      }),
    streamFault: (xml) => parsed(xml, (_, root) => streamFault(root)),
  };
}

/** As a player fills macros in: in a text, so that half a bracket before the end of a section is none. */
export function filled(xml: string): string {
  return xml.replace(/(?<!<!\[CDATA)\[(?!CDATA\[)[A-Za-z][A-Za-z0-9_.]*\](?!\]>)/g, '7');
}

function told(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 300) : String(error);
}

function nodeOf(element: XmlElement, counts: Map<string, number>): Node {
  counts.set(element.name, (counts.get(element.name) ?? 0) + 1);
  const attributes: Record<string, string> = {};
  for (const attribute of element.attrs) attributes[attribute.name] = attribute.value;
  const children: Node[] = [];
  let text = '';
  for (let child = element.firstChild; child !== null; child = child.next) {
    if ('attrs' in child) children.push(nodeOf(child as XmlElement, counts));
    else text += child.content;
  }
  return { name: element.name, namespace: element.namespaceUri, attributes, children, text };
}

export function all(node: Node, name: string): readonly Node[] {
  return node.children.flatMap((child) => (child.name === name ? [child, ...all(child, name)] : all(child, name)));
}

/** What schemas do not say: sequences ascend and are unique, serving ids differ, a program never stands alone. */
function ruleFault(root: Node, version: string): string | null {
  const kinds = new Set(root.children.map(({ name }) => name));
  if (kinds.has('Ad') && kinds.has('Error')) return 'VAST holds ads and errors';
  const sequences = root.children.flatMap(({ attributes }) => attributes.sequence ?? []).map(Number);
  if (sequences.some((value, at) => !(value > (sequences[at - 1] ?? 0)))) return 'sequences do not ascend from 1';
  const first = root.children.findIndex(({ attributes }) => attributes.sequence === undefined);
  if (first >= 0 && root.children.slice(first).some(({ attributes }) => attributes.sequence !== undefined)) {
    return 'a spare stands before an ad of the pod';
  }
  const ids = all(root, 'AdServingId').map(({ text }) => text);
  if (new Set(ids).size < ids.length) return 'serving ids repeat';
  if (version >= '4' && root.attributes.version !== version) return 'another version';
  for (const files of all(root, 'MediaFiles')) {
    if (!files.children.some(({ name, attributes }) => name === 'MediaFile' && !attributes.apiFramework)) {
      return 'a program stands alone';
    }
  }
  const bad = urlNames.flatMap((name) => all(root, name)).find(({ text }) => !/^https?:\/\//.test(text));
  return bad ? `${bad.name} is no web address: ${bad.text.slice(0, 60)}` : null;
}

const urlNames = [
  'MediaFile',
  'Impression',
  'Tracking',
  'ClickThrough',
  'ClickTracking',
  'VASTAdTagURI',
  'Error',
  'Mezzanine',
];
