import { parseArgs } from 'node:util';
import { parseDuration } from '../../engines/config.ts';
import { kafkaAway } from './kafka-away.ts';
import { settings } from './settings.ts';
import { type TortureOptions, torture } from './torture.ts';

const usage = `npm run torture -- [--for 120s] [--seed 1] [--rate 24] [--json] [--keep DIR]
npm run torture -- kafka-away [--seed 1] [--rate 24] [--json] [--keep DIR]

Viewers watch while processes and servers are killed, paused, restarted, cut off, wiped and rolled back, from a schedule that
follows from the seed; then everything must come back by itself, and the audit recounts the run.
kafka-away: nothing else but Kafka is away, for a minute, under load; decisions go on, and nothing is lost.

  --for 120s    how long (120s and 600s ask for the kills and restarts that must be shown)
  --seed 1      of the schedule and the viewers
  --rate 24     ad requests a second
  --json        the last line of standard output is one JSON object; the rest goes to standard error
  --keep DIR    leaves everything in this folder, which must be empty or new

Exits 0 only when nothing was lost, doubled or overspent, no cap was passed, everything recovered, and enough was struck.
`;

/** Answers the exit code: 0 held, 1 did not, 2 called wrongly. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      for: { type: 'string', default: '120s' },
      seed: { type: 'string', default: '1' },
      rate: { type: 'string', default: '24' },
      keep: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const forMs = parseDuration(values.for);
  const [mode = 'all'] = positionals;
  const wrong =
    forMs === undefined ||
    !['all', 'kafka-away'].includes(mode) ||
    positionals.length > 1 ||
    !/^\d{1,9}$/.test(values.seed) ||
    !/^\d{1,4}$/.test(values.rate);
  if (values.help || wrong) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  const out = values.json ? process.stderr : process.stdout;
  const report = (line: string) => void out.write(`${line}\n`);
  const options: TortureOptions = {
    seed: Number(values.seed),
    forMs,
    rate: Number(values.rate),
    keep: values.keep,
    report,
  };
  report(`seed ${options.seed}; settings ${JSON.stringify(settings)}`);
  const { json, why } = await (mode === 'all' ? torture(options) : kafkaAway(options));
  for (const line of why) report(`FAILED: ${line}`);
  const again = mode === 'all' ? `--for ${values.for}` : mode;
  if (why.length > 0) report(`seed ${options.seed} replays it: npm run torture -- ${again} --seed ${options.seed}`);
  process.stdout.write(`${values.json ? JSON.stringify(json) : JSON.stringify(json, null, 2)}\n`);
  return why.length === 0 ? 0 : 1;
}

const code = await main().catch((error: unknown) => {
  process.stderr.write(`torture: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
});
// Clients of engines that are closed may still have timers.
process.exit(code);
