import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const project = fileURLToPath(new URL('../../', import.meta.url));

/** A release as files that can be run. */
export interface Release {
  readonly name: 'old' | 'new';
  readonly version: string;
  readonly folder: string;
}

export async function thisRelease(): Promise<Release> {
  const { version } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as { version: string };
  return { name: 'new', version, folder: project };
}

/** Why there is no previous release to run; the one command that would bring it. */
export class NoPreviousRelease extends Error {
  override readonly name = 'NoPreviousRelease';
}

/**
 * Writes the previous release (previous.json) out of git's history into `folder`; it shares our packages. Throws
 * NoPreviousRelease where the history does not reach so far.
 */
export async function previousRelease(folder: string): Promise<Release> {
  const text = await readFile(new URL('previous.json', import.meta.url), 'utf8');
  const { version, commit } = JSON.parse(text) as { version: string; commit: string };
  try {
    await run('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: project });
  } catch {
    throw new NoPreviousRelease(`commit ${commit} (${version}) is not in this history: git fetch --unshallow`);
  }
  await mkdir(folder, { recursive: true });
  const archive = join(folder, 'release.tar');
  await run('git', ['archive', '--format=tar', `--output=${archive}`, commit], { cwd: project });
  await run('tar', ['-xf', archive, '-C', folder]);
  await rm(archive);
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'));
  return { name: 'old', version, folder };
}
