export type SqlToken =
  /** A name or keyword as it stands. */
  | { readonly kind: 'word'; readonly text: string; readonly name: string }
  /** A name in backticks or double quotes; `name` is what it stands for. */
  | { readonly kind: 'quoted'; readonly text: string; readonly name: string }
  | { readonly kind: 'string' | 'number' | 'symbol' | 'space'; readonly text: string };

/** The text has a character or a quote that no plain query needs and that two readers could take differently. */
export class UnreadableSqlError extends Error {
  override readonly name = 'UnreadableSqlError';
}

const patterns = [
  ['space', /(?:\s|--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?\*\/)+/y],
  ['string', /'(?:[^'\\]|\\[\s\S]|'')*'/y],
  ['quoted', /`(?:[^`\\]|``)*`|"(?:[^"\\]|"")*"/y],
  ['number', /\d[\dA-Za-z_]*(?:\.\d[\dA-Za-z_]*)?(?:(?<=[eE])[+-]\d+)?/y],
  ['word', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['symbol', /<=>|->|::|\|\||==|!=|<>|<=|>=|[-+*/%=<>(),.;:?[\]{}|@^]/y],
] as const;

/**
 * Reads ClickHouse SQL. Comments become spaces, so that text put together from the tokens holds none. Throws
 * UnreadableSqlError rather than guess: open quotes and comments, backslashes in names, heredocs, odd characters.
 */
export function readSql(sql: string): readonly SqlToken[] {
  const tokens: SqlToken[] = [];
  for (let at = 0; at < sql.length; ) {
    const token = tokenAt(sql, at);
    tokens.push(token.kind === 'space' ? { kind: 'space', text: token.text.includes('\n') ? '\n' : ' ' } : token);
    at += token.text.length;
  }
  return tokens;
}

function tokenAt(sql: string, at: number): SqlToken {
  if (sql.startsWith('/*', at) && !sql.includes('*/', at + 2)) throw new UnreadableSqlError('a comment is not closed');
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(sql)?.[0];
    if (text === undefined) continue;
    // A non-ASCII space is none to the engine.
    if (kind === 'space' && hasOddSpace(text)) throw new UnreadableSqlError('a space is not a plain one');
    if (kind === 'word') return { kind, text, name: text };
    if (kind === 'quoted') {
      const quote = text.charAt(0);
      return { kind, text, name: text.slice(1, -1).replaceAll(quote + quote, quote) };
    }
    return { kind, text };
  }
  const rest = sql.slice(at, at + 12);
  const why = /^['"`]/.test(rest)
    ? 'a quote is not closed, or a quoted name holds a backslash'
    : 'a character has no place in a query';
  throw new UnreadableSqlError(`${why}, at ${JSON.stringify(rest)}`);
}

/** Spaces outside comments must be ASCII; in a comment anything may stand, because it is left out. */
function hasOddSpace(text: string): boolean {
  const bare = text.replace(/--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?\*\//g, '');
  return /[^ \t\r\n]/.test(bare);
}
