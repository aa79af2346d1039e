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

/** A counter that an expression takes a rise of, with the values that its labels are to have; those of `=~` one by one. */
export interface Range {
  readonly metric: string;
  readonly labels: readonly { readonly name: string; readonly value: string }[];
}

/** What stands in `rate` and `increase`. */
export function rangesOf(expression: string): readonly Range[] {
  return [...expression.matchAll(/\b(?:rate|increase)\(\s*([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})?\s*\[/g)].map(
    ([, metric = '', braces = '']) => ({
      metric,
      labels: [...braces.matchAll(/([a-zA-Z_]\w*)\s*(=~|=)\s*"([^"]*)"/g)].flatMap(([, name = '', how, value = '']) =>
        (how === '=~' ? value.split('|') : [value]).map((one) => ({ name, value: one })),
      ),
    }),
  );
}
