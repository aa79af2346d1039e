import { spawnSync } from 'node:child_process';

const APT_MS_MAX = 300_000;

/** Installs a package of Debian's, as root. Whether it came, its program tells: without network nothing does. */
export function installPackage(name: string): void {
  const options = {
    timeout: APT_MS_MAX,
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  } as const;
  spawnSync('apt-get', ['update'], options);
  spawnSync('apt-get', ['install', '-y', '--no-install-recommends', name], options);
}
