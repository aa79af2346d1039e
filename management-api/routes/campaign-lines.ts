import Type from 'typebox';
import { status } from '../campaigns/shape.ts';
import { exportCampaigns } from '../lines/export-campaigns.ts';
import { checkLines, type Imported, importCampaigns } from '../lines/import-campaigns.ts';
import { type Lines, writtenLines } from '../lines/spool.ts';
import { wholeCampaign } from '../lines/whole-campaign.ts';
import { type Answer, route } from '../route.ts';
import { closed, uuid, warning } from '../shapes.ts';

const tag = 'campaigns';

const imported = Type.Object({
  dry_run: Type.Boolean(),
  lines: Type.Integer({ description: 'campaigns that were imported, or that would be' }),
  warnings: Type.Array(warning, { description: 'lawful and probably not meant; `line` says where' }),
});

/** Thrown at the end of a dry run, so that nothing of it is kept. */
class DryRun extends Error {
  readonly answer: Answer<Imported>;

  constructor(answer: Answer<Imported>) {
    super('a dry run');
    this.answer = answer;
  }
}

export const campaignLineRoutes = [
  route({
    method: 'GET',
    path: '/api/v2/campaigns/export',
    tag,
    summary: 'Export campaigns with all that belongs to them, one a line, as they are at one moment',
    scope: 'campaigns:read',
    query: closed({ status: Type.Optional(status), advertiser_id: Type.Optional(uuid()) }),
    lines: 'answered',
    answer: wholeCampaign,
    handle: async (ask) => {
      const only = { status: ask.query.status ?? null, advertiser: ask.query.advertiser_id ?? null };
      return { lines: await ask.read((sql) => writtenLines(exportCampaigns(sql, only))) };
    },
  }),

  route({
    method: 'POST',
    path: '/api/v2/campaigns/import',
    tag,
    summary: 'Import campaigns, one a line, all or none; with dry_run=true nothing is kept and all else is the same',
    scope: 'campaigns:write',
    query: closed({ dry_run: Type.Optional(Type.Boolean()) }),
    lines: 'asked',
    body: wholeCampaign,
    answer: imported,
    status: 201,
    refuses: [413, 422],
    handle: async (ask, parts) => {
      const dry = ask.query.dry_run ?? false;
      const lines = ask.lines as Lines;
      const count = await checkLines(lines);
      try {
        return await ask.write(async (sql) => {
          const warnings = await importCampaigns(sql, lines, ask, parts);
          const body = { dry_run: dry, lines: count, warnings };
          if (dry) throw new DryRun({ body, status: 200 });
          return { body };
        });
      } catch (error) {
        if (error instanceof DryRun) return error.answer;
        throw error;
      }
    },
  }),
];
