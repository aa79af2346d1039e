import pg from 'pg';
import { EngineError, type EngineErrorCode } from '../errors.ts';

const CONNECT_MS_MAX = 5_000;
const STATEMENT_MS_MAX = 10_000;
/** A server that no longer answers cannot cancel a statement either. */
const ANSWER_MS_MAX = STATEMENT_MS_MAX + 2_000;

/** A pool of at most `max` connections, with a limit on everything. */
export function openPool(url: string, max: number, connectMs = CONNECT_MS_MAX): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: 30_000,
    statement_timeout: STATEMENT_MS_MAX,
    query_timeout: ANSWER_MS_MAX,
    idle_in_transaction_session_timeout: 30_000,
    application_name: 'breakwater',
  });
  pool.on('error', () => {
    // An idle connection broke. The pool has dropped it; whoever asks next is told if the server is away.
  });
  // A pool that ends no longer listens to its connections, and a server that stops meanwhile says so to each of them.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Taken first by every write: changes are few, and this way versions, the outbox and the audit grow in commit order. */
const WRITE_LOCK = 7_225_020;
/** An import of thousands of campaigns is one change, and takes longer than any statement may. */
const LOCK_MS_MAX = 30_000;

export async function lockWrites(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS got', [WRITE_LOCK]);
  if (rows[0]?.got === true) return;
  const wait = { values: [WRITE_LOCK], query_timeout: LOCK_MS_MAX + 2_000 };
  await client.query(`SET LOCAL statement_timeout = ${LOCK_MS_MAX}`);
  await client.query({ text: 'SELECT pg_advisory_xact_lock($1)', ...wait });
  await client.query(`SET LOCAL statement_timeout = ${STATEMENT_MS_MAX}`);
}

type Begin = 'BEGIN' | 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

/** Runs `work` in one transaction. Errors arrive as EngineError. */
export async function inTransaction<T>(
  pool: pg.Pool,
  begin: Begin,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return await asEngineErrors(async () => {
    const client = await pool.connect();
    let broken: Error | undefined;
    // Between two queries nobody listens for a connection that breaks; the next query then fails.
    const onBreak = (error: Error) => {
      broken = error;
    };
    client.on('error', onBreak);
    try {
      await client.query(begin);
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      // Who did not answer will not answer to this either, and would take as long again.
      if (isUnanswered(error)) broken = error;
      else
        await client.query('ROLLBACK').catch((rollback: Error) => {
          broken = rollback;
        });
      throw error;
    } finally {
      client.off('error', onBreak);
      client.release(broken);
    }
  });
}

function isUnanswered(error: unknown): error is Error {
  const thrown = error instanceof EngineError ? error.cause : error;
  return thrown instanceof Error && /^Query read timeout/i.test(thrown.message);
}

/** Turns what `pg` throws into EngineError; anything else passes as it is. */
export async function asEngineErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toEngineError(error);
  }
}

/** SQLSTATE classes and codes (PostgreSQL documentation, appendix A), the longest prefix first. */
const states: readonly (readonly [prefix: string, code: EngineErrorCode])[] = [
  ['53100', 'full'],
  ['55P03', 'timeout'],
  ['57014', 'timeout'],
  ['25P03', 'timeout'],
  ['40001', 'conflict'],
  ['40P01', 'conflict'],
  ['42P01', 'misconfigured'],
  ['3D000', 'misconfigured'],
  ['08', 'unavailable'],
  ['28', 'misconfigured'],
  ['53', 'unavailable'],
  ['57P', 'unavailable'],
  ['58', 'unavailable'],
];

const networkCodes = /^(ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ENETDOWN)/;
/** `pg` gives these no code, only words. */
const timeoutWords = /timeout/i;
const connectionWords = /Connection terminated|Client has encountered a connection error|not queryable/i;

function toEngineError(error: unknown): unknown {
  if (error instanceof EngineError || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (error instanceof pg.DatabaseError) {
    const found = states.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'refused';
    const hint = code === '42P01' ? '; has `breakwater migrate` been run?' : '';
    return new EngineError(found, `catalog: ${error.message}${hint}`, error);
  }
  if (networkCodes.test(code) || connectionWords.test(error.message)) {
    const at = timeoutWords.test(error.message) ? 'timeout' : 'unavailable';
    return new EngineError(at, `catalog: ${error.message || code}`, error);
  }
  if (/^(timeout exceeded|Query read timeout)/i.test(error.message)) {
    return new EngineError('timeout', `catalog: ${error.message}`, error);
  }
  if (/after calling end on the pool/i.test(error.message)) {
    return new EngineError('closed', 'catalog', error);
  }
  return error;
}
