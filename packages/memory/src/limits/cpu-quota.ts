import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type CgroupLevel, locateCgroup } from './cgroup-location.ts';
import { readKernelText } from './kernel-text.ts';

/** How {@link readCpuQuotaCores} looks. */
export interface ReadCpuQuotaOptions {
  /**
   * A directory that stands for `/`.
   * @default '/'
   */
  readonly root?: string;
}

/**
 * CPU time this process may use per second of wall time, in cores (0.25 for a Kubernetes limit of `250m`): the smallest quota of every visible ancestor, at
 * most `os.availableParallelism()`, which is also the answer where no quota is set. Never throws.
 * @see https://docs.kernel.org/scheduler/sched-bwc.html
 */
export function readCpuQuotaCores(options: ReadCpuQuotaOptions = {}): number {
  const { root = '/' } = options;
  let cores = availableParallelism();
  for (const level of locateCgroup(root, 'cpu').levels) {
    cores = Math.min(cores, level.version === 2 ? quotaOfV2(root, level) : quotaOfV1(root, level));
  }
  return cores;
}

function quotaOfV2(root: string, { path }: CgroupLevel): number {
  const [quota, period = '100000'] = (readKernelText(root, join(path, 'cpu.max')).text ?? '').split(/\s+/);
  return ratioOf(quota, period);
}

function quotaOfV1(root: string, { path }: CgroupLevel): number {
  return ratioOf(
    readKernelText(root, join(path, 'cpu.cfs_quota_us')).text,
    readKernelText(root, join(path, 'cpu.cfs_period_us')).text,
  );
}

/** Infinity for `max`, -1, a missing file and nonsense: none of them is a quota. */
function ratioOf(quota: string | undefined, period: string | undefined): number {
  const ratio = Number.parseInt(quota ?? '', 10) / Number.parseInt(period ?? '', 10);
  return ratio > 0 && Number.isFinite(ratio) ? ratio : Number.POSITIVE_INFINITY;
}
