import { Command, CommanderError } from 'commander';
import { collectSeldom } from './collect-seldom.ts';
import { addAnalyse } from './commands/analyse.ts';
import { addManage } from './commands/manage.ts';
import { addOperate } from './commands/operate.ts';
import { addRun } from './commands/run.ts';
import { release } from './release.ts';

/** Commands load what they need when they run, so that a worker does not carry the demo in memory. */
function program(): Command {
  const root = new Command('breakwater')
    .description('An ad server for connected TV that processes its events as streams')
    .version(release(), '--version', 'name and version')
    .configureHelp({ sortSubcommands: false })
    .showHelpAfterError('(--help shows what there is)');
  addRun(root);
  addOperate(root);
  addAnalyse(root);
  addManage(root);
  return root;
}

collectSeldom();
try {
  await program().parseAsync();
  // Timers of engines that are closed may still run; nothing of ours waits for them.
  process.exit();
} catch (error) {
  const shown = error instanceof CommanderError || !(error instanceof Error) ? String(error) : explained(error);
  process.stderr.write(`breakwater: ${shown}\n`);
  process.exit(1);
}

/** Errors of ours say what to do and the system's what they were about; anything else is a fault of ours and shows where. */
function explained(error: Error): string {
  const isTold = ['EngineError', 'NotStarted'].includes(error.name) || 'syscall' in error;
  return isTold ? error.message : (error.stack ?? error.message);
}
