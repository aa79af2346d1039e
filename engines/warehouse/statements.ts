/**
 * The statements of an SQL file, without comments at their beginning and without their semicolons. Semicolons in
 * strings, quoted names and comments do not divide.
 */
export function splitStatements(sql: string): readonly string[] {
  const statements: string[] = [];
  let current = '';
  for (const [piece] of sql.matchAll(pieces)) {
    if (piece === ';') {
      statements.push(current);
      current = '';
    } else if (!isComment(piece) || current.trim() !== '') current += piece;
  }
  return [...statements, current].map((statement) => statement.trim()).filter((statement) => statement !== '');
}

/** Comments; strings and quoted names, with backslash and doubled quotes; else one character. */
const pieces =
  /--[^\n]*|#![^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|`(?:[^`\\]|\\[\s\S]|``)*(?:`|$)|"(?:[^"\\]|\\[\s\S]|"")*(?:"|$)|[\s\S]/g;

function isComment(piece: string): boolean {
  return piece.startsWith('--') || piece.startsWith('/*') || piece.startsWith('#!');
}
