import { migrateCatalog } from './migrate.ts';

/** `node test-migrate-child.ts URL`: migrates, saying each file before it is applied; for tests that kill it there. */
await migrateCatalog(process.argv[2] ?? '', (line) => process.stdout.write(`${line}\n`));
