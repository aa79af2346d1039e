import type { Warehouse } from '../engines/warehouse/warehouse.ts';

interface ColumnRow {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly comment: string;
}

interface TableRow {
  readonly name: string;
  readonly engine: string;
  readonly comment: string;
  readonly sorting_key: string;
}

const aboutViews: Readonly<Record<string, string>> = {
  analytics_events: 'Every beacon and conversion, under the plan’s names',
  campaign_performance: 'The plan’s measures of every campaign, now',
  campaign_minutes: 'Delivery by minute',
  campaign_hours: 'Delivery by hour',
  campaign_days: 'Delivery by day',
  inventory_hours: 'Requests, fill and why not, by hour',
  deliveries: 'One row for each ad that a beacon tells of',
  experiment_results: 'Arms of experiments side by side',
  campaign_traffic: 'Gross, invalid and net of each campaign by day, and what was found to be invalid later',
  suspected_traffic: 'Billed beacons that look like invalid traffic only beside others',
  fill_days: 'Success: fill by day',
  budget_use: 'Success: spend against the curve of each campaign',
  viewer_experience_days: 'Success: repeats, errors, ad load and abandonment by day',
  advertiser_retention: 'Success: advertisers who come again, by month',
};

/** Every table and view of the warehouse with every column, as Markdown. Throws where one has no comment. */
export async function dataDictionary(warehouse: Warehouse): Promise<string> {
  const tables = await warehouse.query<TableRow>(
    `SELECT name, engine, comment, sorting_key FROM system.tables
     WHERE database = 'breakwater' AND name != 'migrations' AND name NOT LIKE '.%' ORDER BY engine = 'View' DESC, name`,
  );
  const columns = await warehouse.query<ColumnRow>(
    `SELECT table, name, type, comment FROM system.columns WHERE database = 'breakwater' ORDER BY table, position`,
  );
  const silent = columns.filter(({ table, comment }) => table !== 'migrations' && comment === '');
  if (silent.length > 0)
    throw new Error(`without a comment: ${silent.map(({ table, name }) => `${table}.${name}`).join(', ')}`);
  const section = ({ name, engine, comment, sorting_key }: TableRow) => {
    const about = engine === 'View' ? (aboutViews[name] ?? comment) : comment;
    if (about === '') throw new Error(`${name} has no comment`);
    const how =
      engine === 'View'
        ? 'A view.'
        : `A table, sorted by (${sorting_key})${engine.startsWith('Replacing') ? '; read it with `FINAL`' : ''}.`;
    const rows = columns
      .filter(({ table }) => table === name)
      .map(
        (column) =>
          `| \`${column.name}\` | \`${column.type.replaceAll('|', '\\|')}\` | ${column.comment.replaceAll('|', '\\|')} |`,
      );
    // A view with a parameter lists no columns.
    const listed = rows.length === 0 ? [] : ['| column | type | |', '| --- | --- | --- |', ...rows, ''];
    return [`## ${name}`, '', `${about}. ${how}`, '', ...listed].join('\n');
  };
  return `${head}${tables.map(section).join('\n')}`;
}

const head = `# Data dictionary

Generated from \`clickhouse/*.sql\` by \`node cli/node24.mjs docs/write-data-dictionary.ts\`; a test holds it current. Views come
first: they leave nothing to remember. Money is whole micros, times are UTC. [ten-questions.md](ten-questions.md) uses them.

`;
