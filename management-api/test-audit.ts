import { HOUSE_ORGANISATION } from '../domain/organisation.ts';
import { openPostgresDesk } from '../engines/catalog/postgres-desk.ts';
import { verifyChain } from './verify-audit.ts';

export interface Entry {
  readonly actor: string;
  readonly action: string;
  readonly resource: string;
  readonly resource_id: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/** The house's entries of a resource, the oldest first, of a chain that holds. */
export async function houseAudit(catalogUrl: string, resource: string): Promise<readonly Entry[]> {
  const desk = openPostgresDesk({ url: catalogUrl, replicaUrl: null });
  try {
    return await desk.read(HOUSE_ORGANISATION, async (sql) => {
      if (!(await verifyChain(sql, null)).intact) throw new Error('the chain of the audit is broken');
      const { rows } = await sql.query<{ entry: string }>(
        'SELECT entry FROM audit_log WHERE resource = $1 ORDER BY sequence',
        [resource],
      );
      return rows.map(({ entry }) => JSON.parse(entry) as Entry);
    });
  } finally {
    await desk.close();
  }
}
