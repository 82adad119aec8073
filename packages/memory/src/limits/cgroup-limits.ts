import { join } from 'node:path';
import { formatBytes } from '../byte-size.ts';
import type { CgroupLevel } from './cgroup-location.ts';
import { parseKeyed, parseLimitBytes, readKernelText } from './kernel-text.ts';
import type { LimitCandidate } from './memory-limit.ts';

/** Collects what the limit files of `levels` say into `candidates` and what a person should know into `notes`. */
export function collectCgroupLimits(
  root: string,
  levels: readonly CgroupLevel[],
  candidates: LimitCandidate[],
  notes: string[],
): void {
  for (const version of [1, 2] as const) {
    const ofVersion = levels.filter((level) => level.version === version);
    if (version === 1) collectV1(root, ofVersion, candidates, notes);
    else collectV2(root, ofVersion, candidates, notes);
  }
}

function collectV2(
  root: string,
  levels: readonly CgroupLevel[],
  candidates: LimitCandidate[],
  notes: string[],
): void {
  for (const { path } of levels) {
    for (const kind of ['max', 'high'] as const) {
      const origin = join(path, `memory.${kind}`);
      const limitBytes = readLimit(root, origin, notes);
      if (Number.isFinite(limitBytes)) candidates.push({ source: 'cgroup-v2', limitBytes, origin, kind });
    }
  }
  const [own] = levels;
  if (own === undefined) return;
  noteSwap(root, join(own.path, 'memory.swap.max'), notes);
  const group = readKernelText(root, join(own.path, 'memory.oom.group'));
  if (group.text?.trim() === '1') {
    notes.push(
      `memory.oom.group is 1 in ${own.path}: a kernel kill takes every process of the group together.`,
    );
  }
  const top = levels.at(-1);
  // Only the real root of the hierarchy has no cgroup.events: a top that has it is the root of a namespace.
  if (
    top !== undefined &&
    candidates.every(({ source }) => source !== 'cgroup-v2') &&
    readKernelText(root, join(top.path, 'cgroup.events')).text !== undefined
  ) {
    notes.push(
      `No limit is set at ${top.path} or below, and a cgroup namespace hides what is above it: a limit on the pod cannot be seen. Set PLIMSOLL_LIMIT when there is one.`,
    );
  }
}

function collectV1(
  root: string,
  levels: readonly CgroupLevel[],
  candidates: LimitCandidate[],
  notes: string[],
): void {
  for (const { path } of levels) {
    const origin = join(path, 'memory.limit_in_bytes');
    const limitBytes = readLimit(root, origin, notes);
    if (Number.isFinite(limitBytes))
      candidates.push({ source: 'cgroup-v1', limitBytes, origin, kind: 'max' });
  }
  const [own] = levels;
  if (own === undefined) return;
  const origin = join(own.path, 'memory.stat');
  const stat = readKernelText(root, origin);
  const hierarchical =
    stat.text === undefined ? undefined : parseKeyed(stat.text, 'hierarchical_memory_limit');
  const limitBytes = hierarchical === undefined ? Number.NaN : parseLimitBytes(String(hierarchical));
  // Worth a candidate only when it is tighter than every file: then a parent that cannot be seen has set it.
  if (candidates.every((other) => other.source !== 'cgroup-v1' || limitBytes < other.limitBytes)) {
    if (Number.isFinite(limitBytes)) {
      candidates.push({
        source: 'cgroup-v1',
        limitBytes,
        origin: `${origin} hierarchical_memory_limit`,
        kind: 'hierarchy',
      });
      notes.push(`A parent of ${own.path} that cannot be seen from here limits it.`);
    }
  }
  noteSwap(root, join(own.path, 'memory.memsw.limit_in_bytes'), notes);
}

function noteSwap(root: string, path: string, notes: string[]): void {
  const host = readKernelText(root, '/proc/meminfo');
  const swapTotalKib = host.text === undefined ? undefined : /^SwapTotal:\s+(\d+)/m.exec(host.text)?.[1];
  if (swapTotalKib === undefined || swapTotalKib === '0') return;
  const own = readKernelText(root, path);
  if (own.text === undefined || own.text.trim() === '0') return;
  notes.push(
    `The host has ${formatBytes(Number(swapTotalKib) * 1024)} of swap and ${path} lets the group use it: beyond the limit it gets slow before it is killed. Swap is not counted as memory.`,
  );
}

/** Infinity when the file is missing (the root of a hierarchy has none) or sets no limit; NaN, with a note, when it cannot be understood. */
function readLimit(root: string, path: string, notes: string[]): number {
  const file = readKernelText(root, path);
  if (file.text === undefined) {
    if (!file.missing) notes.push(`${path} cannot be read (${file.reason}); it is left out.`);
    return Number.POSITIVE_INFINITY;
  }
  const limitBytes = parseLimitBytes(file.text);
  if (Number.isNaN(limitBytes)) {
    notes.push(
      `${path} holds "${file.text.trim().slice(0, 40)}", which is not a number of bytes; it is left out.`,
    );
  }
  return limitBytes;
}
