import { expect, test } from 'vitest';
import { insertFromFile, literal } from './bridge-request.ts';
import { splitStatements } from './statements.ts';

test('semicolons in texts, names and comments do not divide statements', () => {
  const sql = `-- first; of all
    CREATE TABLE a (x String DEFAULT ';' /* ; */, \`b;\` Int8); -- then;
    /* ; */ SELECT 'it''s; \\'; fine', "c;" ;
    ;; SELECT 3 -- last;`;
  expect(splitStatements(sql).map((statement) => statement.replace(/\s+/g, ' '))).toEqual([
    "CREATE TABLE a (x String DEFAULT ';' /* ; */, `b;` Int8)",
    `SELECT 'it''s; \\'; fine', "c;"`,
    'SELECT 3 -- last;',
  ]);
});

test('an insert with data reads it from a file, before its settings and format', () => {
  expect(insertFromFile('INSERT INTO t (a) SETTINGS x = 1 FORMAT Avro', "/a'b")).toBe(
    "INSERT INTO t (a) FROM INFILE '/a\\'b' SETTINGS x = 1 FORMAT Avro",
  );
  expect(insertFromFile('insert into t\nformat CSV ;', '/x')).toBe("insert into t FROM INFILE '/x'\nformat CSV");
  expect(() => insertFromFile('INSERT INTO t VALUES', '/x')).toThrow('must end in FORMAT');
});

test('a literal ends where it should', () => {
  expect(literal("\\'; DROP")).toBe("'\\\\\\'; DROP'");
});
