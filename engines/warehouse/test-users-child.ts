/**
 * A chDB of its own with a user configuration, for tests of what a user may: the engine takes grants and row filters from a file,
 * though it makes no users by statement. argv: data folder, config file. Answers each `{ sql }` with `{ rows }` or `{ error }`.
 */
import { Session } from 'chdb';

const session = new Session(process.argv[2] as string, { connectionArgs: [`--config-file=${process.argv[3]}`] });

process.on('message', ({ sql }: { readonly sql: string }) => {
  try {
    const text = String(session.query(sql, 'JSONCompactEachRow')).trim();
    process.send?.({ rows: text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as unknown) });
  } catch (error) {
    process.send?.({ error: (error as Error).message });
  }
});
process.send?.({ rows: [] });
