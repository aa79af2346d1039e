import { type Command, Option } from 'commander';
import { roles } from '../../management-api/access/roles.ts';
import { adjustmentReasons } from '../../management-api/analytics/adjustments.ts';
import { micros, whole } from './arguments.ts';

const MANAGE = 'Manage:';
const statuses = ['draft', 'active', 'paused', 'completed'];

/** What every command has that asks the management API. */
export function withApiOptions(command: Command): Command {
  return command
    .option('--url <url>', 'of the management API (default: MANAGEMENT_URL, else the one on DATA_DIR)')
    .option('--key <key>', 'an API key (default: MANAGEMENT_KEY, else DATA_DIR/admin-key)')
    .option('--json', 'JSON instead of a table');
}

/** Commands that ask the management API, by its URL and a key. */
export function addApi(root: Command): void {
  const campaigns = root
    .command('campaigns')
    .helpGroup(MANAGE)
    .description(
      'campaigns, by the management API; exit codes: 1 refused, 3 not there, 4 not allowed, 5 changed meanwhile, 6 away',
    );
  const sub = (usage: string, about: string) => withApiOptions(campaigns.command(usage).description(about));
  sub('list', 'by name, status and order')
    .addOption(new Option('--status <status>').choices(statuses))
    .option('--name <part>', 'a part of the name')
    .addOption(
      new Option('--sort <order>').choices([
        'created_at',
        '-created_at',
        'name',
        '-name',
        'starts_at',
        '-starts_at',
        'ends_at',
        '-ends_at',
      ]),
    )
    .option('--limit <number>', 'at most; where there are more, that is told', whole, 100)
    .action(async (options) => (await import('../campaigns.ts')).listCampaignsCommand(options));
  sub('show <id>', 'one with all that belongs to it').action(async (id: string, options) =>
    (await import('../campaigns.ts')).showCampaignCommand(id, options),
  );
  sub('create <file>', 'JSON as the API takes it; - is standard input').action(async (file: string, options) =>
    (await import('../campaigns.ts')).createCampaignCommand(file, options),
  );
  for (const [name, status, about] of [
    ['pause', 'paused', 'deciders stop serving them within a second'],
    ['resume', 'active', 'serve them, again or for the first time'],
    ['complete', 'completed', 'end them for good'],
  ] as const) {
    sub(`${name} <ids...>`, about).action(async (ids: string[], options) =>
      (await import('../campaigns.ts')).campaignStatusCommand(ids, status, options),
    );
  }
  sub('import <file>', 'lines of JSON as export writes them, all or none; - is standard input')
    .option('--dry-run', 'check all, keep nothing')
    .action(async (file: string, options) => (await import('../campaigns.ts')).importCampaignsCommand(file, options));
  sub('export', 'all of them to standard output, one a line')
    .addOption(new Option('--status <status>').choices(statuses))
    .action(async (options) => (await import('../campaigns.ts')).exportCampaignsCommand(options));
  addUsers(root);
  addAdjustments(root);
}

function addAdjustments(root: Command): void {
  const adjustments = root
    .command('adjustments')
    .helpGroup(MANAGE)
    .description('what was billed and is not owed, by the management API; entries are only ever added');
  const sub = (usage: string, about: string) => withApiOptions(adjustments.command(usage).description(about));
  sub('add <campaign>', 'record one; reports show it beside what was billed')
    .addOption(new Option('--reason <reason>').choices(adjustmentReasons).default('invalid_traffic'))
    .requiredOption('--from <time>', 'the deliveries that it is about, ISO 8601, a whole minute')
    .requiredOption('--to <time>', 'their end')
    .option('--impressions <number>', 'billed impressions that are not owed', whole)
    .option('--amount-micros <micros>', 'money that is not owed', micros)
    .option('--note <text>')
    .action(async (campaign: string, options) =>
      (await import('../adjustments.ts')).addAdjustmentCommand(campaign, options),
    );
  sub('list', 'the oldest first')
    .option('--campaign <id>')
    .action(async (options) => (await import('../adjustments.ts')).listAdjustmentsCommand(options));
  sub('reverse <id>', 'take one back, by another entry')
    .option('--note <text>')
    .action(async (id: string, options) => (await import('../adjustments.ts')).reverseAdjustmentCommand(id, options));
}

function addUsers(root: Command): void {
  const users = root
    .command('users')
    .helpGroup(MANAGE)
    .description('users of your organisation, by the management API');
  const sub = (usage: string, about: string) => withApiOptions(users.command(usage).description(about));
  const role = () => new Option('--role <role>').choices(roles);
  sub('list', 'with their roles').action(async (options) => (await import('../users.ts')).listUsersCommand(options));
  sub('create <email>', 'the password comes from standard input')
    .addOption(role().default('manager'))
    .option('--name <name>')
    .option('--organisation <id>', 'whose it is: written to the catalog itself, as the first admin of one has to be')
    .action(async (email: string, options) => (await import('../users.ts')).createUserCommand(email, options));
  sub('change <id>', 'give another role, disable, enable')
    .addOption(role())
    .addOption(new Option('--disable', 'all logins end at once').conflicts('enable'))
    .option('--enable')
    .action(async (id: string, options) => (await import('../users.ts')).changeUserCommand(id, options));
}
