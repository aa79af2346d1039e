/** What a PromQL expression asks for. */
export interface Asked {
  readonly metric: string;
  /** Names of labels in its braces. */
  readonly labels: readonly string[];
}

const words = new Set([
  'and',
  'or',
  'unless',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'offset',
]);
const selector = /([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})?/g;

/** The metrics of an expression with the labels they are picked by. Enough for rules and dashboards; not a parser. */
export function askedBy(expression: string): readonly Asked[] {
  const plain = expression
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  const found: Asked[] = [];
  for (const match of plain.matchAll(selector)) {
    const [whole, metric = '', braces = ''] = match;
    const before = plain[match.index - 1] ?? ' ';
    const after = plain.slice(match.index + whole.length).trimStart();
    if (words.has(metric) || after.startsWith('(') || /[\w.]/.test(before)) continue;
    const labels = [...braces.matchAll(/([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)/g)].map(([, name]) => name ?? '');
    found.push({ metric, labels });
  }
  return found;
}
