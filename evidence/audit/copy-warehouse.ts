import { startBridge } from './bridge.ts';
import { ask, authorized } from './read-warehouse.ts';

interface Table {
  readonly name: string;
  readonly engine: string;
  readonly create_table_query: string;
}

/** Copies database `breakwater` of a server into DIR/warehouse, table by table, so that nobody needs the server again. */
export async function copyWarehouse(from: string, dir: string): Promise<void> {
  const bridge = await startBridge(dir);
  try {
    const tables = await ask<Table>(
      from,
      "SELECT name, engine, create_table_query FROM system.tables WHERE database = 'breakwater'",
    );
    await ask(bridge.url, 'CREATE DATABASE breakwater ENGINE = Atomic');
    const isView = ({ engine }: Table) => engine.endsWith('View');
    for (const table of tables.filter((one) => !isView(one))) {
      await ask(bridge.url, table.create_table_query);
      await copyRows(from, bridge.url, table.name);
    }
    await createViews(bridge.url, tables.filter(isView));
  } finally {
    await bridge.stop();
  }
}

async function copyRows(from: string, to: string, table: string): Promise<void> {
  const { origin, headers } = authorized(from);
  const select = encodeURIComponent(`SELECT * FROM breakwater.${table} FORMAT Native`);
  const rows = await fetch(`${origin}/?query=${select}`, { method: 'POST', headers });
  if (!rows.ok) throw new Error(`the warehouse does not hand out ${table}: ${(await rows.text()).slice(0, 500)}`);
  const bytes = await rows.arrayBuffer();
  if (bytes.byteLength === 0) return;
  const insert = encodeURIComponent(`INSERT INTO breakwater.${table} FORMAT Native`);
  const stored = await fetch(`${to}/?query=${insert}`, { method: 'POST', body: bytes });
  if (!stored.ok) throw new Error(`${table} cannot be copied: ${(await stored.text()).slice(0, 500)}`);
}

/** A view may need another one, so what fails is tried again while others succeed. */
async function createViews(to: string, views: readonly Table[]): Promise<void> {
  let left = views;
  while (left.length > 0) {
    const failed: Table[] = [];
    let why: unknown;
    for (const view of left) {
      await ask(to, view.create_table_query).catch((error: unknown) => {
        failed.push(view);
        why = error;
      });
    }
    if (failed.length === left.length) throw why;
    left = failed;
  }
}
