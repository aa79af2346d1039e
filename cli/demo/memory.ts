import { readdirSync, readFileSync } from 'node:fs';

/** Resident memory of this process and all below it, in MB, shared pages counted for each; 0 where there is no /proc. */
export function treeMemoryMb(root: number = process.pid): number {
  const parents = new Map<number, number>();
  const residentKb = new Map<number, number>();
  for (const pid of processIds()) {
    const status = readStatus(pid);
    if (status === null) continue;
    parents.set(pid, Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0));
    residentKb.set(pid, Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0));
  }
  const isBelow = (pid: number): boolean => pid === root || (pid > 1 && isBelow(parents.get(pid) ?? 0));
  let totalKb = 0;
  for (const [pid, kb] of residentKb) if (isBelow(pid)) totalKb += kb;
  return Math.round(totalKb / 1024);
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readStatus(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    // It ended between the listing and the reading.
    return null;
  }
}
