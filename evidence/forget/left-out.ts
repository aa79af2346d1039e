import type { Campaign } from '../../domain/campaign.ts';
import type { Catalog } from '../../engines/catalog/catalog.ts';
import { EngineError } from '../../engines/errors.ts';
import type { Warehouse } from '../../engines/warehouse/warehouse.ts';

/** What the houses of this folder do without: nothing here asks a warehouse, and the catalog only answers snapshots. */
export const noWarehouse: Warehouse = {
  query: () => Promise.reject(new Error('no warehouse here')),
  run: () => Promise.reject(new Error('no warehouse here')),
  insertAvro: () => Promise.reject(new Error('no warehouse here')),
  close: () => Promise.resolve(),
};

export function catalogOf(campaigns: readonly Campaign[]): Catalog {
  const refuse = async () => {
    throw new EngineError('refused', 'this catalog only answers snapshots');
  };
  return {
    snapshot: async () => ({ campaigns, pods: [] }),
    putCampaign: refuse,
    setStatus: refuse,
    outbox: refuse,
    relayed: refuse,
    close: async () => undefined,
  };
}
