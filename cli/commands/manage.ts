import { type Command, Option } from 'commander';
import { roles } from '../../management-api/access/roles.ts';
import { addApi, withApiOptions } from './api.ts';

const MANAGE = 'Manage:';

export function addManage(root: Command): void {
  addApi(root);
  addCategories(root);
  addExperiments(root);
  addViewers(root);
  addOrganisations(root);
  addKeys(root);
}

function addOrganisations(root: Command): void {
  const organisations = root
    .command('organisations')
    .helpGroup(MANAGE)
    .description('whose campaigns, users and keys there are, at the catalog itself; none sees what is of another');
  organisations
    .command('create')
    .argument('<name>')
    .description('make one and print its id, for keys create --organisation and users create --organisation')
    .action(async (name: string) => (await import('../organisations.ts')).createOrganisationCommand(name));
  organisations
    .command('list')
    .description('each with how many users, keys and campaigns it has')
    .option('--json', 'JSON instead of a table')
    .action(async (options) => (await import('../organisations.ts')).listOrganisationsCommand(options));
}

function addCategories(root: Command): void {
  const categories = root
    .command('categories')
    .helpGroup(MANAGE)
    .description('competitive categories, and published tables of them');
  withApiOptions(categories.command('list').description('the trees, by the management API'))
    .option('--under <id>', 'only what lies below it')
    .action(async (options) => (await import('../category-list.ts')).listCategoriesCommand(options));
  withApiOptions(categories.command('create').argument('<name>').description('make one, by the management API'))
    .option('--under <id>', 'below this one')
    .action(async (name: string, options) =>
      (await import('../category-list.ts')).createCategoryCommand(name, options),
    );
  categories
    .command('import')
    .description("the IAB's Ad Product table for competitive separation, or its Content Taxonomy for targeting")
    .argument('<file>', 'text with tabs, commas or semicolons between')
    .addOption(new Option('--kind <kind>', 'where the table does not say it').choices(['product', 'content']))
    .option('--authority <name>', 'whose table it is (default: iab-ad-product or iab-content)')
    .option('--sensitive <ids...>', 'content categories to mark, by id or name (default: Sensitive Topics)')
    .action(async (file: string, options) => (await import('../categories.ts')).importCommand(file, options));
  categories
    .command('sensitive')
    .description('mark content categories: unknown content fails their exclude')
    .argument('<ids...>', 'by id or name; each stands for all below it')
    .option('--off', 'take the mark away')
    .action(async (ids: string[], options) => (await import('../categories.ts')).sensitiveCommand(ids, options));
}

function addExperiments(root: Command): void {
  const experiments = root
    .command('experiments')
    .helpGroup(MANAGE)
    .description('comparisons on decisions, sticky by viewer');
  experiments
    .command('list')
    .description('each with its arms and their shares')
    .action(async () => (await import('../experiments.ts')).listCommand());
  experiments
    .command('put')
    .description('write one, or a new version of it: { name, arms: [{ name, weight, objective?, features?, … }] }')
    .argument('<file>', 'JSON')
    .action(async (file: string) => (await import('../experiments.ts')).putCommand(file));
  experiments
    .command('read')
    .description('each arm against the first, with intervals that hold whenever one looks')
    .argument('<name>')
    .option('--json', 'one JSON object')
    .action(async (name: string, options) => (await import('../experiments.ts')).readCommand(name, options));
  experiments
    .command('stop')
    .argument('<name>')
    .action(async (name: string) => (await import('../experiments.ts')).stopCommand(name));
}

function addViewers(root: Command): void {
  const viewers = root
    .command('viewers')
    .helpGroup(MANAGE)
    .description('what a viewer has seen under caps, and forgetting it');
  const scope = () =>
    new Option('--scope <scope>', 'what the id names').choices(['user', 'device', 'household', 'ip', 'stream']);
  viewers
    .command('show')
    .description('every campaign and creative with its counts, and when it was seen last')
    .addOption(scope().default('user'))
    .requiredOption('--id <id>', 'as requests carry it')
    .option('--json', 'one JSON object')
    .action(async (options) => (await import('../viewers.ts')).showCommand(options));
  viewers
    .command('erase')
    .description('forgets the viewer in the state store and in raw rows, and notes it so that no rebuild remembers')
    .addOption(scope().default('user'))
    .requiredOption('--id <id>', 'as requests carry it')
    .action(async (options) => (await import('../viewers.ts')).eraseCommand(options));
}

function addKeys(root: Command): void {
  const keys = root
    .command('keys')
    .helpGroup(MANAGE)
    .description('API keys, and the secrets of tracking URLs and pseudonyms');
  keys
    .command('create')
    .description('make a key and print it, this once')
    .requiredOption('--name <name>', 'what it is for')
    .addOption(new Option('--role <role>', 'its scopes').choices(roles).default('manager'))
    .option(
      '--organisation <id>',
      'whose it is, as organisations list shows it; the default organisation where left out',
    )
    .action(async (options) => (await import('../keys.ts')).createKeyCommand(options));
  keys
    .command('list')
    .description('list keys, without what makes them keys')
    .action(async () => (await import('../keys.ts')).listKeysCommand());
  keys
    .command('pixel')
    .argument('<advertiser>', 'id of the advertiser')
    .description("print the address of an advertiser's conversion pixel")
    .action(async (advertiser: string) => (await import('../rotate-keys.ts')).pixelCommand(advertiser));
  const rotate = keys.command('rotate').description('new secrets; running processes take them without a restart');
  rotate
    .command('tokens')
    .description('a new key signs tracking URLs; what the one before signed stays good')
    .action(async () => (await import('../rotate-keys.ts')).rotateTokensCommand());
  rotate
    .command('pepper')
    .description('new pseudonyms of viewers; the ones before are read for the longest window of a cap')
    .action(async () => (await import('../rotate-keys.ts')).rotatePepperCommand());
}
