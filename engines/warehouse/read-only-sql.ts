import { readSql, type SqlToken, UnreadableSqlError } from './sql-tokens.ts';

/** Why a text is not taken; `message` is for the one who wrote it. */
export class RefusedSqlError extends Error {
  override readonly name = 'RefusedSqlError';
}

/** How a statement that only reads may begin. */
const beginnings: ReadonlySet<string> = new Set(['SELECT', 'WITH', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN']);

/** Words that begin or join a statement that does more than read. */
const verbs: ReadonlySet<string> = new Set(
  `INSERT UPDATE DELETE ALTER CREATE DROP UNDROP TRUNCATE RENAME EXCHANGE ATTACH DETACH OPTIMIZE KILL GRANT REVOKE
   BACKUP RESTORE WATCH EXECUTE COMMIT ROLLBACK PARALLEL INTO`.split(/\s+/),
);

/**
 * Functions that read or make nothing outside the database. Every other table function is refused: what stands in the
 * list below, and what the engine itself calls one.
 */
const harmlessTableFunctions: ReadonlySet<string> = new Set(
  'numbers numbers_mt zeros zeros_mt generateseries generate_series generaterandom primes values sqlstandardvalues format null'.split(
    ' ',
  ),
);

/** Functions that reach files, other servers, programs, or tables by pattern. Lower case. */
const reaching: ReadonlySet<string> = new Set(
  `file url s3 gcs oss cosn hdfs remote remotesecure cluster clusterallreplicas merge executable input infile
   dictionary mysql postgresql mongodb redis sqlite odbc jdbc hive ytsaurus arrowflight python loop view viewifpermitted
   azureblobstorage iceberg icebergs3 icebergazure iceberglocal deltalake deltalakelocal hudi paimon
   mergetreeindex mergetreeprojection mergetreetextindex mergetreeanalyzeindexes
   mergetreeanalyzeindexesuuid viewexplain eval arrowstream filesystem prometheusquery
   prometheusqueryrange timeseriesdata timeseriestags timeseriesmetrics timeseriessamples timeseriesselector fuzzquery fuzzjson
   filesystemavailable filesystemcapacity filesystemunreserved loadfile`.split(/\s+/),
);

/** Ordinary functions that read files, which `readonly` does not stop in an embedded engine. */
const filesByScalar: ReadonlySet<string> = new Set(['file', 'catboostevaluate']);

/** Names by which families of table functions are known: fileCluster, s3Cluster, icebergS3Cluster and their like. */
const reachingFamilies = /^(file|s3|gcs|hdfs|azure|iceberg|deltalake|hudi|paimon|remote|cluster)|cluster$/;

/**
 * Takes one statement that only reads and gives it back without comments and without a closing semicolon. Throws
 * RefusedSqlError. `tableFunctions`: what the engine lists as such, so that one that is new to us is refused too.
 */
export function readOnlySql(sql: string, tableFunctions: readonly string[] = []): string {
  const tokens = tokensOf(sql);
  const solid = tokens.filter((token) => token.kind !== 'space');
  while (isSymbol(solid.at(-1), ';')) solid.pop();
  if (solid.length === 0) throw new RefusedSqlError('there is no statement');
  if (solid.some((token) => isSymbol(token, ';'))) throw new RefusedSqlError('only one statement at a time is taken');
  checkBeginning(solid);
  const known = new Set(tableFunctions.map((name) => name.toLowerCase()));
  for (let index = 0; index < solid.length; index++) {
    checkWord(solid, index);
    checkFunction(solid, index, known);
  }
  checkTablePlaces(solid);
  return tokens
    .map(({ text }) => text)
    .join('')
    .replace(/[\s;]+$/, '')
    .trim();
}

function tokensOf(sql: string): readonly SqlToken[] {
  try {
    return readSql(sql);
  } catch (error) {
    if (error instanceof UnreadableSqlError) throw new RefusedSqlError(error.message);
    throw error;
  }
}

function checkBeginning(solid: readonly SqlToken[]): void {
  const first = solid.find((token) => !isSymbol(token, '('));
  const word = upper(first);
  if (!beginnings.has(word) || (isSymbol(solid[0], '(') && word !== 'SELECT' && word !== 'WITH')) {
    throw new RefusedSqlError(
      `a query begins with ${[...beginnings].join(', ')}, not with ${first?.text ?? 'nothing'}`,
    );
  }
  if (word === 'EXPLAIN' && !solid.some((token) => upper(token) === 'SELECT')) {
    throw new RefusedSqlError('only a SELECT can be explained');
  }
}

function checkWord(solid: readonly SqlToken[], index: number): void {
  const token = solid[index];
  if (token?.kind !== 'word') return;
  const word = token.text.toUpperCase();
  const next = solid[index + 1];
  if (word === 'OUTFILE' || word === 'INFILE') {
    throw new RefusedSqlError('results go to standard output only: no INTO OUTFILE, no INFILE');
  }
  // A name's second part; the dot of `1.` is a number's.
  if (isSymbol(solid[index - 1], '.') && isName(solid[index - 2])) return;
  if (word === 'CREATE' && upper(solid[0]) === 'SHOW' && index === 1) return;
  if (verbs.has(word)) throw new RefusedSqlError(`${word} is not reading; quote it if it is the name of a column`);
  if (word === 'SETTINGS' && isName(next) && !clauses.has(upper(next))) {
    throw new RefusedSqlError('settings are fixed here: no SETTINGS');
  }
  if (word === 'FORMAT' && isName(next) && !clauses.has(upper(next))) {
    throw new RefusedSqlError('the output is chosen by --format, not by FORMAT in the query');
  }
  if (word === 'SET' && index > 0)
    throw new RefusedSqlError('SET is not reading; quote it if it is the name of a column');
}

/** Words that can follow a column called `settings` or `format`. */
const clauses: ReadonlySet<string> = new Set(
  `FROM WHERE PREWHERE GROUP ORDER HAVING LIMIT UNION AS AND OR NOT IN LIKE ILIKE IS BETWEEN THEN ELSE END ASC DESC
   JOIN INNER LEFT RIGHT FULL ON USING FINAL`.split(/\s+/),
);

function checkFunction(solid: readonly SqlToken[], index: number, known: ReadonlySet<string>): void {
  const token = solid[index];
  if (!isName(token)) return;
  const name = token.name.toLowerCase();
  const refused = new RefusedSqlError(`${token.name} reaches outside the warehouse's own tables`);
  // As in APPLY(file): a function can be named without being called.
  if (filesByScalar.has(name)) throw refused;
  if (!isSymbol(solid[index + 1], '(')) return;
  if (harmlessTableFunctions.has(name)) return;
  if (reaching.has(name) || reachingFamilies.test(name) || known.has(name)) throw refused;
}

/** An embedded engine takes a text or a path in the place of a table for a file. */
function checkTablePlaces(solid: readonly SqlToken[]): void {
  for (const index of tablePlaces(solid)) {
    const token = solid[index];
    if (token?.kind === 'string') throw new RefusedSqlError('a text cannot stand in the place of a table');
    const name = isSymbol(solid[index + 1], '.') ? solid[index + 2] : token;
    if (name?.kind === 'quoted' && /[/\\~]/.test(name.name)) {
      throw new RefusedSqlError('a path cannot stand in the place of a table');
    }
  }
}

const beforeTable: ReadonlySet<string> = new Set(['FROM', 'JOIN', 'TABLE', 'DESCRIBE', 'DESC', 'FINAL']);
const endOfTables: ReadonlySet<string> = new Set(
  'SELECT WHERE PREWHERE GROUP ORDER HAVING LIMIT OFFSET WINDOW QUALIFY UNION EXCEPT INTERSECT'.split(' '),
);

/** Where a table may stand: behind a word that asks for one, and behind each comma and opening parenthesis of such a list. */
function* tablePlaces(solid: readonly SqlToken[]): Generator<number> {
  const shows = upper(solid[0]) === 'SHOW';
  const outer: boolean[] = [];
  let inTables = false;
  let next = false;
  for (const [index, token] of solid.entries()) {
    const here: boolean = next;
    if (here) yield index;
    const word = upper(token);
    const begins = beforeTable.has(word) || (shows && word === 'IN');
    next = begins || (inTables && isSymbol(token, ','));
    if (begins) inTables = true;
    else if (endOfTables.has(word)) inTables = false;
    else if (opening.has(token.text)) {
      outer.push(inTables);
      inTables = here && token.text === '(';
      next = inTables;
    } else if (closing.has(token.text)) inTables = outer.pop() ?? false;
  }
}

const opening: ReadonlySet<string> = new Set(['(', '[', '{']);
const closing: ReadonlySet<string> = new Set([')', ']', '}']);

type Name = Extract<SqlToken, { readonly kind: 'word' | 'quoted' }>;

function isName(token: SqlToken | undefined): token is Name {
  return token?.kind === 'word' || token?.kind === 'quoted';
}

function isSymbol(token: SqlToken | undefined, symbol: string): boolean {
  return token?.kind === 'symbol' && token.text === symbol;
}

/** The word in upper case; nothing for quoted names, which are never keywords. */
function upper(token: SqlToken | undefined): string {
  return token?.kind === 'word' ? token.text.toUpperCase() : '';
}
