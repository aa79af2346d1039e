/** The versions of VAST that are written. */
export const vastVersions = ['2.0', '3.0', '4.0', '4.1', '4.2', '4.3'] as const;
export type VastVersion = (typeof vastVersions)[number];

/** What most players read. */
export const defaultVersion: VastVersion = '4.2';

export function isVastVersion(text: string): text is VastVersion {
  return (vastVersions as readonly string[]).includes(text);
}

/** Whether `version` is `least` or later. */
export function atLeast(version: VastVersion, least: VastVersion): boolean {
  return version >= least;
}

/** The version that an answer is to have: named, or by the Accept header (`application/vast+xml; version=4.1`). */
export function versionIn(accept: string | undefined): VastVersion | null {
  const named = /version="?(\d\.\d)/.exec(accept ?? '')?.[1];
  return named !== undefined && isVastVersion(named) ? named : null;
}
