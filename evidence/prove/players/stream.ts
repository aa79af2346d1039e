import { childrenFault, type Node, type Table } from './order.ts';

/** Our own table of VMAP 1.0.1, read as that of VAST. What stands in a source is checked as what it is. */
const table: Table = {
  VMAP: 'AdBreak* Extensions?',
  AdBreak: 'AdSource? TrackingEvents? Extensions?',
  AdSource: 'VASTAdData? AdTagURI? CustomAdData?',
  VASTAdData: 'VAST',
  TrackingEvents: 'Tracking*',
};

/** Attributes that an element needs, and what may stand in them. */
const needed: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  VMAP: { version: /^1\.0(\.1)?$/ },
  AdBreak: {
    timeOffset: /^(start|end|\d{2}:[0-5]\d:[0-5]\d(\.\d{3})?|(100|\d{1,2})%|#[1-9]\d*)$/,
    breakType: /^(linear|nonlinear|display)(,(linear|nonlinear|display))*$/,
  },
  AdTagURI: { templateType: /^vast[1-4]?$/ },
  Tracking: { event: /^(breakStart|breakEnd|error)$/ },
};

const NAMESPACE = 'http://www.iab.net/videosuite/vmap';

/** What is wrong with VMAP around its documents; null: nothing. */
export function streamFault(root: Node): string | null {
  if (root.name !== 'VMAP') return 'no VMAP';
  const ids = root.children.flatMap(({ attributes }) => attributes.breakId ?? []);
  return new Set(ids).size < ids.length ? 'break ids repeat' : walk(root);
}

function walk(node: Node): string | null {
  const { name, namespace, attributes, children, text } = node;
  if (namespace !== NAMESPACE) return `${name} is of another namespace`;
  for (const [key, form] of Object.entries(needed[name] ?? {})) {
    const value = attributes[key];
    if (value === undefined) return `${name} without ${key}`;
    if (!form.test(value)) return `${name} with ${key} ${value}`;
  }
  if (name === 'AdSource' && children.length !== 1) return `AdSource with ${children.length} sources`;
  if ((name === 'AdTagURI' || name === 'Tracking') && !/^https?:\/\/[^\s<>"]+$/.test(text)) {
    return `${name} is no web address: ${text.slice(0, 60)}`;
  }
  const rule = table[name];
  if (rule === undefined) return children.length > 0 && name !== 'Extensions' ? `${name} holds elements` : null;
  const fault = childrenFault(node, rule);
  if (fault !== null || name === 'VASTAdData') return fault;
  for (const child of children) {
    const deeper = walk(child);
    if (deeper !== null) return deeper;
  }
  return null;
}
