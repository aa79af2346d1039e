// Copied into the previous release and run there, so that its campaigns are written by its code into its tables.
import { demoCatalog } from '../../cli/demo/catalog.ts';
import { openCatalog } from '../../engines/open.ts';

const [catalogUrl = '', startedAt = '0', forMs = '0'] = process.argv.slice(2);
const begin = Number(startedAt);
const times = {
  startsAt: begin,
  endsAt: begin + 30 * 86_400_000,
  pacedUntil: begin + Number(forMs) + 20_000,
  scale: 1,
};
const catalog = await openCatalog(catalogUrl);
try {
  for (const campaign of demoCatalog(times)) await catalog.putCampaign(campaign);
} finally {
  await catalog.close();
}
