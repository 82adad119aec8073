import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Files by their path from the root; undefined makes none, so that a base tree can lose a file. */
export type FixtureFiles = Readonly<Record<string, string | undefined>>;

/** A directory that stands for `/`, gone when disposed. */
export interface FixtureTree extends Disposable {
  readonly root: string;
  /** Writes a file anew in place, as the kernel shows a changed value. */
  write(path: string, content: string): void;
  /** Takes every permission from a file. */
  forbid(path: string): void;
}

/** Builds a tree of `files` in the temporary folder. */
export function buildTree(files: FixtureFiles): FixtureTree {
  const root = mkdtempSync(join(tmpdir(), 'plimsoll-root-'));
  // For a test that reads as another user.
  chmodSync(root, 0o755);
  const write = (path: string, content: string) => {
    const target = join(root, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  };
  for (const [path, content] of Object.entries(files)) if (content !== undefined) write(path, content);
  return {
    root,
    write,
    forbid: (path) => chmodSync(join(root, path), 0),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** What v1 shows where nobody set a limit: 2^63 rounded down to a page. */
export const V1_NONE = '9223372036854771712\n';

/** The machine of every fixture: 8 GiB, 5 GiB available, no swap. */
export const host: FixtureFiles = {
  '/proc/meminfo':
    'MemTotal:        8388608 kB\nMemFree:          524288 kB\nMemAvailable:    5242880 kB\nBuffers:           10240 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\n',
  '/proc/self/limits':
    'Limit                     Soft Limit           Hard Limit           Units     \nMax data size             unlimited            unlimited            bytes     \nMax open files            20000                20000                files     \nMax address space         unlimited            unlimited            bytes     \n',
  // size resident shared text lib data dt, in pages of 4 kB: 40 MiB resident, 30 MiB of it of no file.
  '/proc/self/statm': '260000 10240 2560 9000 0 20480 0\n',
};

/** A v1 memory group. */
export function v1Group(
  path: string,
  values: { limit?: string; usage?: number; inactive?: number; hierarchical?: string; hits?: number },
): FixtureFiles {
  const { limit = V1_NONE, usage = 0, inactive = 0, hierarchical = '9223372036854771712', hits = 0 } = values;
  return {
    [`${path}/memory.limit_in_bytes`]: `${limit.trim()}\n`,
    [`${path}/memory.soft_limit_in_bytes`]: V1_NONE,
    [`${path}/memory.usage_in_bytes`]: `${usage}\n`,
    [`${path}/memory.failcnt`]: `${hits}\n`,
    [`${path}/memory.oom_control`]: 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n',
    [`${path}/memory.use_hierarchy`]: '1\n',
    [`${path}/memory.stat`]: `cache 1\nrss 2\ninactive_file 77\nhierarchical_memory_limit ${hierarchical}\ntotal_cache 9\ntotal_inactive_file ${inactive}\ntotal_active_file 5\n`,
  };
}

/** A v2 memory group. */
export function v2Group(
  path: string,
  values: { max?: string; high?: string; usage?: number; inactive?: number; events?: string },
): FixtureFiles {
  const { max = 'max', high = 'max', usage = 0, inactive = 0 } = values;
  return {
    [`${path}/cgroup.events`]: 'populated 1\nfrozen 0\n',
    [`${path}/memory.max`]: `${max}\n`,
    [`${path}/memory.high`]: `${high}\n`,
    [`${path}/memory.current`]: `${usage}\n`,
    [`${path}/memory.stat`]: `anon 1\nfile 2\nactive_file 3\ninactive_file ${inactive}\nslab 4\n`,
    [`${path}/memory.events`]: values.events ?? 'low 0\nhigh 4\nmax 7\noom 1\noom_kill 2\n',
    [`${path}/memory.pressure`]:
      'some avg10=12.00 avg60=1.00 avg300=0.00 total=1\nfull avg10=3.50 avg60=1.00 avg300=0.00 total=1\n',
  };
}

/** A line of /proc/self/mountinfo. */
export function mountLine(
  type: 'cgroup' | 'cgroup2',
  cgroupRoot: string,
  mountPoint: string,
  options = 'rw',
): string {
  return `35 31 0:32 ${cgroupRoot} ${mountPoint} rw,nosuid,nodev,noexec,relatime shared:9 - ${type} ${type} ${options}\n`;
}

/** Mounts that are no cgroups, which every system has around them. */
export const otherMounts =
  '22 27 0:21 / /proc rw,relatime - proc proc rw\n27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n';
