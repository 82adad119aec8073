import { mib } from '../../src/index.ts';
import type { CgroupLayout, LimitSource } from '../../src/index.ts';
import {
  type FixtureFiles,
  host,
  mountLine,
  otherMounts,
  V1_NONE,
  v1Group,
  v2Group,
} from './fixture-tree.ts';

/** One row of the contract: a machine as it can be found, and what is true of it. */
export interface Layout {
  readonly title: string;
  readonly files: FixtureFiles;
  /** Files nobody may read. */
  readonly forbidden?: readonly string[];
  readonly limitBytes: number;
  readonly source: LimitSource;
  readonly origin: string;
  readonly layout: CgroupLayout;
  /** A part of a note that must be there. */
  readonly note?: RegExp;
  /** The working set of the tightest level. */
  readonly workingSetBytes: number;
}

const MEMORY_MOUNT = '/sys/fs/cgroup/memory';
const V1_MOUNT = mountLine('cgroup', '/', MEMORY_MOUNT, 'rw,memory');
const V2_MOUNT = mountLine('cgroup2', '/', '/sys/fs/cgroup');
const HOST_BYTES = 8 * 1024 ** 3;
const HOST_USED_BYTES = 3 * 1024 ** 3;
const RESIDENT_BYTES = mib(40);
const bytes = (count: number) => String(mib(count));

function machine(own: string, mounts: string, ...groups: readonly FixtureFiles[]): FixtureFiles {
  return Object.assign(
    {},
    host,
    { '/proc/self/cgroup': own, '/proc/self/mountinfo': otherMounts + mounts },
    ...groups,
  ) as FixtureFiles;
}

const hostOnly = { limitBytes: HOST_BYTES, source: 'host', origin: 'MemTotal' } as const;

/** cgroup v1 alone. */
export const v1Layouts: readonly Layout[] = [
  {
    title: 'v1: the limit of the own group',
    files: machine(
      '4:memory:/app\n',
      V1_MOUNT,
      v1Group(MEMORY_MOUNT, {}),
      v1Group(`${MEMORY_MOUNT}/app`, { limit: bytes(512), usage: mib(300), inactive: mib(120) }),
    ),
    limitBytes: mib(512),
    source: 'cgroup-v1',
    origin: `${MEMORY_MOUNT}/app/memory.limit_in_bytes`,
    layout: 'v1',
    workingSetBytes: mib(180),
  },
  {
    title: 'v1: a parent of 256 MiB above a child of 1 GiB',
    files: machine(
      '4:memory:/pod/app\n',
      V1_MOUNT,
      v1Group(`${MEMORY_MOUNT}/pod`, { limit: bytes(256), usage: mib(200), inactive: mib(20) }),
      v1Group(`${MEMORY_MOUNT}/pod/app`, { limit: bytes(1024), usage: mib(100) }),
    ),
    limitBytes: mib(256),
    source: 'cgroup-v1',
    origin: `${MEMORY_MOUNT}/pod/memory.limit_in_bytes`,
    layout: 'v1',
    workingSetBytes: mib(180),
  },
  {
    title: 'v1: a parent of 256 MiB above an unlimited child',
    files: machine(
      '4:memory:/pod/app\n',
      V1_MOUNT,
      v1Group(`${MEMORY_MOUNT}/pod`, { limit: bytes(256), usage: mib(90) }),
      v1Group(`${MEMORY_MOUNT}/pod/app`, { limit: V1_NONE }),
    ),
    limitBytes: mib(256),
    source: 'cgroup-v1',
    origin: `${MEMORY_MOUNT}/pod/memory.limit_in_bytes`,
    layout: 'v1',
    workingSetBytes: mib(90),
  },
  {
    title: 'v1: a parent without use_hierarchy charges nothing',
    files: machine(
      '4:memory:/pod/app\n',
      V1_MOUNT,
      v1Group(`${MEMORY_MOUNT}/pod`, { limit: bytes(256) }),
      { [`${MEMORY_MOUNT}/pod/memory.use_hierarchy`]: '0\n' },
      v1Group(`${MEMORY_MOUNT}/pod/app`, { limit: bytes(1024), usage: mib(100) }),
    ),
    limitBytes: mib(1024),
    source: 'cgroup-v1',
    origin: `${MEMORY_MOUNT}/pod/app/memory.limit_in_bytes`,
    layout: 'v1',
    workingSetBytes: mib(100),
  },
  {
    title: 'v1: the soft limit kills nobody',
    files: machine(
      '4:memory:/app\n',
      V1_MOUNT,
      v1Group(`${MEMORY_MOUNT}/app`, { limit: bytes(512), usage: mib(50) }),
      { [`${MEMORY_MOUNT}/app/memory.soft_limit_in_bytes`]: `${mib(128)}\n` },
    ),
    limitBytes: mib(512),
    source: 'cgroup-v1',
    origin: `${MEMORY_MOUNT}/app/memory.limit_in_bytes`,
    layout: 'v1',
    workingSetBytes: mib(50),
  },
  {
    title: 'v1 in Docker: mounted at the own group of the host’s namespace',
    files: machine(
      '4:memory:/docker/0a1b\n',
      mountLine('cgroup', '/docker/0a1b', MEMORY_MOUNT, 'ro,memory'),
      v1Group(MEMORY_MOUNT, { limit: bytes(300), usage: mib(70) }),
    ),
    limitBytes: mib(300),
    source: 'cgroup-v1',
    origin: `${MEMORY_MOUNT}/memory.limit_in_bytes`,
    layout: 'v1',
    workingSetBytes: mib(70),
  },
  {
    title: 'v1 in a namespace: a hidden parent shows in hierarchical_memory_limit',
    files: machine(
      '4:memory:/\n',
      V1_MOUNT,
      v1Group(MEMORY_MOUNT, { usage: mib(60), inactive: mib(10), hierarchical: bytes(256) }),
    ),
    limitBytes: mib(256),
    source: 'cgroup-v1',
    origin: `${MEMORY_MOUNT}/memory.stat hierarchical_memory_limit`,
    layout: 'v1',
    note: /cannot be seen from here limits it/,
    workingSetBytes: mib(50),
  },
  {
    title: 'v1: memory shares its hierarchy with another controller, co-mounted elsewhere',
    files: machine(
      '5:cpuset,memory:/app\n',
      mountLine('cgroup', '/', '/cgroup/cpuset,memory', 'rw,cpuset,memory'),
      v1Group('/cgroup/cpuset,memory/app', { limit: bytes(700), usage: mib(1) }),
    ),
    limitBytes: mib(700),
    source: 'cgroup-v1',
    origin: '/cgroup/cpuset,memory/app/memory.limit_in_bytes',
    layout: 'v1',
    workingSetBytes: mib(1),
  },
  {
    title: 'v1: a /proc/self/cgroup of 1.6 kB, memory last',
    files: machine(
      `${Array.from({ length: 12 }, (_, index) => `${index + 20}:c${index}:/${'long-slice-name/'.repeat(8)}`).join('\n')}\n4:memory:/app\n`,
      V1_MOUNT,
      v1Group(`${MEMORY_MOUNT}/app`, { limit: bytes(512), usage: mib(9) }),
    ),
    limitBytes: mib(512),
    source: 'cgroup-v1',
    origin: `${MEMORY_MOUNT}/app/memory.limit_in_bytes`,
    layout: 'v1',
    workingSetBytes: mib(9),
  },
  {
    title: 'v1: limits of 2^60 and of 2^63 − 4096 are none',
    files: machine(
      '4:memory:/pod/app\n',
      V1_MOUNT,
      v1Group(`${MEMORY_MOUNT}/pod`, { limit: '1152921504606846976' }),
      v1Group(`${MEMORY_MOUNT}/pod/app`, {}),
    ),
    ...hostOnly,
    layout: 'v1',
    note: /Nothing limits this process/,
    workingSetBytes: HOST_USED_BYTES,
  },
];

/** cgroup v2 alone. */
export const v2Layouts: readonly Layout[] = [
  {
    title: 'v2: memory.max of the own group',
    files: machine(
      '0::/app.slice/app.scope\n',
      V2_MOUNT,
      v2Group('/sys/fs/cgroup/app.slice', {}),
      v2Group('/sys/fs/cgroup/app.slice/app.scope', { max: bytes(512), usage: mib(300), inactive: mib(40) }),
    ),
    limitBytes: mib(512),
    source: 'cgroup-v2',
    origin: '/sys/fs/cgroup/app.slice/app.scope/memory.max',
    layout: 'v2',
    workingSetBytes: mib(260),
  },
  {
    title: 'v2: memory.high of a grandparent is what throttles',
    files: machine(
      '0::/a/b/c\n',
      V2_MOUNT,
      v2Group('/sys/fs/cgroup/a', { high: bytes(200), usage: mib(150), inactive: mib(10) }),
      v2Group('/sys/fs/cgroup/a/b', { max: bytes(900), usage: mib(20) }),
      v2Group('/sys/fs/cgroup/a/b/c', { max: bytes(1024), usage: mib(10) }),
    ),
    limitBytes: mib(200),
    source: 'cgroup-v2',
    origin: '/sys/fs/cgroup/a/memory.high',
    layout: 'v2',
    workingSetBytes: mib(140),
  },
  {
    title: 'v2: memory.high of 0 is none',
    files: machine(
      '0::/app\n',
      V2_MOUNT,
      v2Group('/sys/fs/cgroup/app', { max: bytes(512), high: '0', usage: mib(12) }),
    ),
    limitBytes: mib(512),
    source: 'cgroup-v2',
    origin: '/sys/fs/cgroup/app/memory.max',
    layout: 'v2',
    workingSetBytes: mib(12),
  },
  {
    title: 'v2 in a container: the namespace’s root is the own group',
    files: machine('0::/\n', V2_MOUNT, v2Group('/sys/fs/cgroup', { max: bytes(256), usage: mib(99) })),
    limitBytes: mib(256),
    source: 'cgroup-v2',
    origin: '/sys/fs/cgroup/memory.max',
    layout: 'v2',
    workingSetBytes: mib(99),
  },
  {
    title: 'v2 in a container without a limit: the pod’s cannot be seen, and a note says so',
    files: machine('0::/\n', V2_MOUNT, v2Group('/sys/fs/cgroup', { usage: mib(99) })),
    ...hostOnly,
    layout: 'v2',
    note: /Set PLIMSOLL_LIMIT/,
    workingSetBytes: HOST_USED_BYTES,
  },
  {
    title: 'v2: a mount point with a space and a backslash, escaped in octal',
    files: machine(
      '0::/my app\n',
      mountLine('cgroup2', '/', '/mnt/a\\040cgroup\\134x'),
      v2Group('/mnt/a cgroup\\x/my app', { max: bytes(128), usage: mib(3) }),
    ),
    limitBytes: mib(128),
    source: 'cgroup-v2',
    origin: '/mnt/a cgroup\\x/my app/memory.max',
    layout: 'v2',
    workingSetBytes: mib(3),
  },
  {
    title: 'v2: a group named with a colon',
    files: machine(
      '0::/web:8080\n',
      V2_MOUNT,
      v2Group('/sys/fs/cgroup/web:8080', { max: bytes(128), usage: mib(3) }),
    ),
    limitBytes: mib(128),
    source: 'cgroup-v2',
    origin: '/sys/fs/cgroup/web:8080/memory.max',
    layout: 'v2',
    workingSetBytes: mib(3),
  },
  {
    title: 'v2: mounted above the namespace (/../..), the own group is found by process id',
    files: machine(
      '0::/\n',
      mountLine('cgroup2', '/../..', '/sys/fs/cgroup'),
      v2Group('/sys/fs/cgroup/pod', { max: bytes(400), usage: mib(350) }),
      v2Group('/sys/fs/cgroup/pod/app', { max: bytes(600), usage: mib(30) }),
      v2Group('/sys/fs/cgroup/pod/other', { max: bytes(64) }),
      {
        '/sys/fs/cgroup/pod/app/cgroup.procs': `1\n${process.pid}\n`,
        '/sys/fs/cgroup/pod/other/cgroup.procs': '1\n',
      },
    ),
    limitBytes: mib(400),
    source: 'cgroup-v2',
    origin: '/sys/fs/cgroup/pod/memory.max',
    layout: 'v2',
    workingSetBytes: mib(350),
  },
  {
    title: 'v2: mounted above the namespace and found nowhere, a note says so',
    files: machine(
      '0::/\n',
      mountLine('cgroup2', '/../..', '/sys/fs/cgroup'),
      v2Group('/sys/fs/cgroup/x/y', {}),
    ),
    ...hostOnly,
    layout: 'v2',
    note: /not visible under any mount/,
    workingSetBytes: HOST_USED_BYTES,
  },
  {
    title: 'v2: a limit above the machine’s memory is the machine’s memory',
    files: machine(
      '0::/app\n',
      V2_MOUNT,
      v2Group('/sys/fs/cgroup/app', { max: bytes(16 * 1024), usage: mib(12) }),
    ),
    ...hostOnly,
    layout: 'v2',
    note: /Nothing limits/,
    workingSetBytes: HOST_USED_BYTES,
  },
  {
    title: 'v2: memory.max that holds no number is left out, with a note',
    files: machine(
      '0::/pod/app\n',
      V2_MOUNT,
      v2Group('/sys/fs/cgroup/pod', { max: bytes(512), usage: mib(20) }),
      v2Group('/sys/fs/cgroup/pod/app', { max: '12abc' }),
    ),
    limitBytes: mib(512),
    source: 'cgroup-v2',
    origin: '/sys/fs/cgroup/pod/memory.max',
    layout: 'v2',
    note: /holds "12abc", which is not a number/,
    workingSetBytes: mib(20),
  },
];

/** Hybrid systems, rlimits, swap, and machines where something is missing. */
export const otherLayouts: readonly Layout[] = [
  {
    title: 'hybrid: the memory controller is on v1 and the v2 tree has none',
    files: machine(
      '4:memory:/app\n1:name=systemd:/app\n0::/app\n',
      V1_MOUNT + mountLine('cgroup2', '/', '/sys/fs/cgroup/unified'),
      v1Group(`${MEMORY_MOUNT}/app`, { limit: bytes(512), usage: mib(88) }),
      { '/sys/fs/cgroup/unified/app/cgroup.procs': '1\n' },
    ),
    limitBytes: mib(512),
    source: 'cgroup-v1',
    origin: `${MEMORY_MOUNT}/app/memory.limit_in_bytes`,
    layout: 'hybrid',
    workingSetBytes: mib(88),
  },
  {
    title: 'hybrid: memory is on v2 although v1 controllers are mounted',
    files: machine(
      '3:cpu,cpuacct:/app\n0::/app\n',
      mountLine('cgroup', '/', '/sys/fs/cgroup/cpu,cpuacct', 'rw,cpu,cpuacct') +
        mountLine('cgroup2', '/', '/sys/fs/cgroup/unified'),
      v2Group('/sys/fs/cgroup/unified/app', { max: bytes(640), usage: mib(64) }),
    ),
    limitBytes: mib(640),
    source: 'cgroup-v2',
    origin: '/sys/fs/cgroup/unified/app/memory.max',
    layout: 'v2',
    workingSetBytes: mib(64),
  },
  {
    title: 'without mountinfo the usual mount points are assumed',
    files: {
      ...machine('0::/app\n', '', v2Group('/sys/fs/cgroup/app', { max: bytes(512), usage: mib(5) })),
      '/proc/self/mountinfo': undefined,
    },
    limitBytes: mib(512),
    source: 'cgroup-v2',
    origin: '/sys/fs/cgroup/app/memory.max',
    layout: 'v2',
    note: /mountinfo cannot be read/,
    workingSetBytes: mib(5),
  },
  {
    title: 'an unreadable limit is left out with a note, and the parent’s counts',
    files: machine(
      '0::/pod/app\n',
      V2_MOUNT,
      v2Group('/sys/fs/cgroup/pod', { max: bytes(512), usage: mib(21) }),
      v2Group('/sys/fs/cgroup/pod/app', { max: bytes(128), usage: mib(20) }),
    ),
    forbidden: ['/sys/fs/cgroup/pod/app/memory.max'],
    limitBytes: mib(512),
    source: 'cgroup-v2',
    origin: '/sys/fs/cgroup/pod/memory.max',
    layout: 'v2',
    note: /memory\.max cannot be read \(EACCES\)/,
    workingSetBytes: mib(21),
  },
  {
    title: 'RLIMIT_DATA below the group’s limit',
    files: machine('0::/app\n', V2_MOUNT, v2Group('/sys/fs/cgroup/app', { max: bytes(512) }), {
      '/proc/self/limits': `Max data size             ${mib(100)}            unlimited            bytes     \n`,
    }),
    limitBytes: mib(100),
    source: 'rlimit',
    origin: 'RLIMIT_DATA',
    layout: 'v2',
    workingSetBytes: mib(80),
  },
  {
    title: 'RLIMIT_AS counts address space, and a note says so',
    files: machine('0::/app\n', V2_MOUNT, v2Group('/sys/fs/cgroup/app', {}), {
      '/proc/self/limits': `Max address space         ${mib(2048)}            unlimited            bytes     \n`,
    }),
    limitBytes: mib(2048),
    source: 'rlimit',
    origin: 'RLIMIT_AS',
    layout: 'v2',
    note: /counts address space/,
    workingSetBytes: 260_000 * 4096,
  },
  {
    title: 'swap of the host that the group may use is noted and not counted',
    files: machine(
      '0::/app\n',
      V2_MOUNT,
      v2Group('/sys/fs/cgroup/app', { max: bytes(512), usage: mib(31) }),
      {
        '/sys/fs/cgroup/app/memory.swap.max': 'max\n',
        '/proc/meminfo':
          'MemTotal:        8388608 kB\nMemAvailable:    5242880 kB\nSwapTotal:       2097152 kB\n',
      },
    ),
    limitBytes: mib(512),
    source: 'cgroup-v2',
    origin: '/sys/fs/cgroup/app/memory.max',
    layout: 'v2',
    note: /2 GiB of swap/,
    workingSetBytes: mib(31),
  },
  {
    title: 'memory.oom.group is noted',
    files: machine(
      '0::/app\n',
      V2_MOUNT,
      v2Group('/sys/fs/cgroup/app', { max: bytes(512), usage: mib(31) }),
      { '/sys/fs/cgroup/app/memory.oom.group': '1\n' },
    ),
    limitBytes: mib(512),
    source: 'cgroup-v2',
    origin: '/sys/fs/cgroup/app/memory.max',
    layout: 'v2',
    note: /takes every process of the group/,
    workingSetBytes: mib(31),
  },
  {
    title: 'an unreadable /proc/self/cgroup leaves the machine’s memory',
    files: machine('0::/app\n', V2_MOUNT, v2Group('/sys/fs/cgroup/app', { max: bytes(512) })),
    forbidden: ['/proc/self/cgroup'],
    ...hostOnly,
    layout: 'none',
    note: /\/proc\/self\/cgroup cannot be read \(EACCES\)/,
    workingSetBytes: HOST_USED_BYTES,
  },
  {
    title: 'Linux without control groups',
    files: host,
    ...hostOnly,
    layout: 'none',
    note: /no control groups/,
    workingSetBytes: HOST_USED_BYTES,
  },
];

/** Resident memory of the fixtures’ process. */
export const fixtureResidentBytes: number = RESIDENT_BYTES;
