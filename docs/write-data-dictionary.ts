/**
 * Writes docs/data-dictionary.md from the warehouse's own tables: `node cli/node24.mjs docs/write-data-dictionary.ts`.
 * The DDL is applied to an empty engine, so what stands there is what a house has.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openWarehouse } from '../engines/open.ts';
import { startEmbeddedWarehouse } from '../engines/warehouse/embedded-server.ts';
import { migrateWarehouse } from '../engines/warehouse/migrate.ts';
import { dataDictionary } from './data-dictionary.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakwater-dictionary-'));
const server = await startEmbeddedWarehouse({ path: folder, port: 0 });
const warehouse = await openWarehouse(server.url);
await migrateWarehouse(warehouse, () => undefined);
writeFileSync(fileURLToPath(new URL('data-dictionary.md', import.meta.url)), await dataDictionary(warehouse));
await warehouse.close();
await server.stop();
rmSync(folder, { recursive: true, force: true });
