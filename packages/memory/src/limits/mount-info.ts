/** One control-group mount as /proc/self/mountinfo shows it. */
export interface CgroupMount {
  readonly version: 1 | 2;
  /** The cgroup at the mount point, seen from the root of this process's cgroup namespace; it may lead above it (`/../..`). */
  readonly cgroupRoot: string;
  readonly mountPoint: string;
  /** v1: the controllers of the hierarchy; empty on v2. */
  readonly controllers: readonly string[];
}

/**
 * The control-group mounts in the text of /proc/self/mountinfo, in its order.
 * @see https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
 */
export function parseCgroupMounts(text: string): CgroupMount[] {
  const mounts: CgroupMount[] = [];
  for (const line of text.split('\n')) {
    const [before, after] = line.split(' - ', 2);
    if (before === undefined || after === undefined) continue;
    const [, , , cgroupRoot, mountPoint] = before.split(' ');
    const [type, , superOptions = ''] = after.split(' ');
    if (cgroupRoot === undefined || mountPoint === undefined) continue;
    if (type !== 'cgroup' && type !== 'cgroup2') continue;
    mounts.push({
      version: type === 'cgroup2' ? 2 : 1,
      cgroupRoot: unescapeOctal(cgroupRoot),
      mountPoint: unescapeOctal(mountPoint),
      controllers: type === 'cgroup2' ? [] : superOptions.trim().split(','),
    });
  }
  return mounts;
}

/** The kernel writes space, tab, newline and backslash in paths as `\040` and so on. */
function unescapeOctal(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
