import { collectCgroupLimits } from './cgroup-limits.ts';
import { locateCgroup } from './cgroup-location.ts';
import { collectResourceLimits, collectRuntimeLimit, hostCandidate } from './host-limits.ts';
import type { LimitCandidate, MemoryLimit, ResolveMemoryLimitOptions } from './memory-limit.ts';

/** What {@link resolveMemoryLimit} does when it is told nothing. */
export const resolveMemoryLimitDefaults: Readonly<
  Required<Omit<ResolveMemoryLimitOptions, 'overrideBytes' | 'pid'>>
> = Object.freeze({ root: '/' });

/**
 * How much memory a process may use, this one where no other is named, and where that number comes from: the smallest of `memory.max` and `memory.high` of every visible ancestor (v2), the
 * limits and `hierarchical_memory_limit` (v1; its soft limit kills nobody and is ignored), RLIMIT_AS and RLIMIT_DATA, the machine's memory, and what the user
 * stated. Reads the files anew each time, about 1 ms. Never throws; at worst it answers with the machine's memory and a note.
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
export function resolveMemoryLimit(options: ResolveMemoryLimitOptions = {}): MemoryLimit {
  const { root = resolveMemoryLimitDefaults.root, pid, overrideBytes } = options;
  const location = locateCgroup(root, 'memory', pid);
  const notes = [...location.notes];
  const candidates: LimitCandidate[] = [];
  collectCgroupLimits(root, location.levels, candidates, notes);
  collectResourceLimits(root, candidates, notes, pid);
  if (!location.known && pid === undefined) collectRuntimeLimit(root, candidates, notes);
  const host = hostCandidate(root);
  candidates.push(host);
  if (overrideBytes !== undefined && overrideBytes > 0) {
    candidates.push({
      source: 'option',
      limitBytes: overrideBytes,
      origin: 'PLIMSOLL_LIMIT',
      kind: 'override',
    });
  }
  candidates.sort((a, b) => a.limitBytes - b.limitBytes);
  const winner = candidates[0] ?? host;
  if (winner.source === 'host') {
    notes.push(
      'Nothing limits this process below the memory of the machine, which it shares with everything else.',
    );
  }
  const { limitBytes, source, origin } = winner;
  return { limitBytes, source, origin, layout: location.layout, candidates, notes };
}
