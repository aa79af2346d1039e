import { spawnSync } from 'node:child_process';
import { testBrowser } from '../engines/config.ts';
import type { ServerHere } from './servers.ts';
import { installPackage } from './system-package.ts';

const INSTALL = 'apt-get install -y chromium';
/** As distributions call it. */
const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** The Chromium that tests drive: CHROMIUM, else the system's, which is installed where that can be done. */
export function browserHere(say: (line: string) => void): ServerHere {
  if (chromium() === null && testBrowser() === null && process.getuid?.() === 0) {
    say(`installing Chromium for the tests: ${INSTALL}`);
    installPackage('chromium');
  }
  const found = chromium();
  const remedy = testBrowser() === null ? INSTALL : `another CHROMIUM: ${testBrowser()} does not run`;
  return { name: 'chromium', found: found && `${found.version}, ${found.program}`, remedy };
}

/** The program's path and its version; null: there is none that runs. */
export function chromium(): { readonly program: string; readonly version: string } | null {
  const given = testBrowser();
  for (const program of given === null ? names : [given]) {
    const { stdout } = spawnSync(program, ['--version', '--no-sandbox'], { encoding: 'utf8' });
    const version = /(\d+(?:\.\d+)+)/.exec(stdout ?? '')?.[1];
    if (version !== undefined) return { program: pathOf(program), version };
  }
  return null;
}

function pathOf(program: string): string {
  const { stdout } = spawnSync('sh', ['-c', 'command -v "$0"', program], { encoding: 'utf8' });
  return stdout.trim() || program;
}
