import { totalmem } from 'node:os';
import { formatBytes } from '../byte-size.ts';
import { parseLimitBytes, readKernelText } from './kernel-text.ts';
import type { LimitCandidate } from './memory-limit.ts';

/** Collects RLIMIT_AS and RLIMIT_DATA of this process, or of `pid`. */
export function collectResourceLimits(
  root: string,
  candidates: LimitCandidate[],
  notes: string[],
  pid?: number,
): void {
  const limits = readKernelText(root, `/proc/${pid ?? 'self'}/limits`);
  if (limits.text === undefined) return;
  for (const [label, origin, kind] of [
    ['Max address space', 'RLIMIT_AS', 'address-space'],
    ['Max data size', 'RLIMIT_DATA', 'data'],
  ] as const) {
    const soft = new RegExp(`^${label}\\s+(\\S+)`, 'm').exec(limits.text)?.[1];
    const limitBytes = soft === undefined ? Number.NaN : parseLimitBytes(soft);
    if (!Number.isFinite(limitBytes)) continue;
    candidates.push({ source: 'rlimit', limitBytes, origin, kind });
    if (kind === 'address-space') {
      notes.push(
        `RLIMIT_AS (ulimit -v) is ${formatBytes(limitBytes)}: it counts address space, of which V8 reserves far more than it uses. A control group is the better limit.`,
      );
    }
  }
}

/** What Node itself knows, for a process that may not read /proc (`--permission`). Only asked for the real root. */
export function collectRuntimeLimit(root: string, candidates: LimitCandidate[], notes: string[]): void {
  if (root !== '/' || process.platform !== 'linux') return;
  const limitBytes = process.constrainedMemory();
  if (!(limitBytes > 0) || limitBytes >= 2 ** 60) return;
  candidates.push({ source: 'runtime', limitBytes, origin: 'process.constrainedMemory()', kind: 'max' });
  notes.push('The limit is what Node itself reports: it does not see the limits of parent groups.');
}

/** The whole memory of the machine: the limit when nothing is tighter. Always a candidate. */
export function hostCandidate(root: string): LimitCandidate {
  const meminfo = readKernelText(root, '/proc/meminfo');
  const totalKib = meminfo.text === undefined ? undefined : /^MemTotal:\s+(\d+) kB/m.exec(meminfo.text)?.[1];
  if (totalKib === undefined) {
    return { source: 'host', limitBytes: totalmem(), origin: 'os.totalmem()', kind: 'total' };
  }
  return { source: 'host', limitBytes: Number(totalKib) * 1024, origin: 'MemTotal', kind: 'total' };
}
