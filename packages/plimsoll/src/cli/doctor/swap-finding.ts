import { join } from 'node:path';
import { formatBytes, kib } from '@plimsoll/memory';
import type { MachineFinding } from './machine-findings.ts';

/** Reads a file of the machine; empty where there is none. */
type Read = (path: string) => string;

/** A service that may swap stands still at every collection before anything is killed; undefined where it may not. */
export function swapFinding(read: Read, pid: number | 'self'): MachineFinding | undefined {
  const swapBytes = kib(Number(/^SwapTotal:\s+(\d+) kB/m.exec(read('/proc/meminfo'))?.[1] ?? 0));
  const allowed = allowedSwap(read, read(`/proc/${pid}/cgroup`));
  if (swapBytes === 0 || allowed === 0) return undefined;
  const share =
    allowed === undefined
      ? ''
      : `, of which this container may use ${formatBytes(Math.min(allowed, swapBytes))}`;
  return {
    name: 'swap',
    severity: 'good',
    sentence: `this machine has ${formatBytes(swapBytes)} of swap${share}, and a service that swaps stands still at every collection before anything is killed`,
    remedy: 'Forbid it for the container: memory.swap.max 0, or --memory-swap equal to --memory.',
  };
}

/** Bytes of swap that the groups of a process allow; undefined where none of them says. */
function allowedSwap(read: Read, cgroupText: string): number | undefined {
  const v2 = /^0::(.*)$/m.exec(cgroupText)?.[1];
  const v1 = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(cgroupText)?.[1];
  const limits = [
    ...(v2 === undefined
      ? []
      : upwards(v2).map((path) => swapMax(read(join('/sys/fs/cgroup', path, 'memory.swap.max'))))),
    ...(v1 === undefined
      ? []
      : upwards(v1).map((path) => swapOfV1(read, join('/sys/fs/cgroup/memory', path)))),
  ].filter((bytes) => bytes !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

function upwards(path: string): string[] {
  const parts = path.split('/').filter(Boolean);
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/')).concat('');
}

function swapMax(text: string): number | undefined {
  return /^\d+/.test(text) ? Number.parseInt(text, 10) : undefined;
}

/** Version 1 limits memory and swap together. */
function swapOfV1(read: Read, folder: string): number | undefined {
  const [both, memory] = ['memory.memsw.limit_in_bytes', 'memory.limit_in_bytes'].map((name) =>
    swapMax(read(join(folder, name))),
  );
  if (both === undefined || memory === undefined || both >= 2 ** 60) return undefined;
  return Math.max(0, both - memory);
}
