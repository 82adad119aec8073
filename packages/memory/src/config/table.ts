/**
 * The one table of every `PLIMSOLL_*` variable. Types, parsing, `plimsoll config` and docs/configuration.md come from it; no other file of any package reads
 * `process.env`. To add a variable, add a row and run `pnpm docs`.
 */
export interface VariableRow {
  /** The member of the resolved configuration and of the options object. */
  readonly option: string;
  readonly type: 'bytes' | 'ratio' | 'ms' | 'count' | 'switch' | 'word' | 'path' | 'url';
  /** The value without option, variable or cgroup; null = decided at run time, as `text` says. */
  readonly default: number | string | boolean | null;
  /** Inclusive range of a number. */
  readonly range?: readonly [min: number, max: number];
  /** The words allowed, for `word` and as extra forms of other types (`off`). */
  readonly words?: readonly string[];
  /** One sentence: what it does and what the unit is. */
  readonly text: string;
}

/** Keyed by the variable's name. */
export const variables = {
  PLIMSOLL: {
    option: 'mode',
    type: 'word',
    default: 'on',
    words: ['on', 'dry-run', 'off'],
    text: 'off switches everything off: the process runs as if Plimsoll were not there. dry-run watches and writes down what it would do, in the journal and in a line on stderr, and does nothing of it: no incident, no capture, no hook, no ending.',
  },
  PLIMSOLL_LIMIT: {
    option: 'limitBytes',
    type: 'bytes',
    default: null,
    range: [16 * 1024 * 1024, Number.MAX_SAFE_INTEGER],
    text: 'Memory the process may use, for limits the process cannot see; the smallest of this and what the kernel says wins.',
  },
  PLIMSOLL_ELEVATED: {
    option: 'elevatedRatio',
    type: 'ratio',
    default: 0.75,
    range: [0.1, 1],
    text: 'Share of the limit (or of V8’s own heap limit, after a collection) from which pressure is elevated and caches are asked to give back; a large limit may be used up to 1 GiB of headroom.',
  },
  PLIMSOLL_CRITICAL: {
    option: 'criticalRatio',
    type: 'ratio',
    default: 0.9,
    range: [0.1, 1],
    text: 'Share of the limit from which pressure is critical; a large limit may be used up to 256 MiB of headroom.',
  },
  PLIMSOLL_TERMINAL: {
    option: 'terminalRatio',
    type: 'ratio',
    default: 0.97,
    range: [0.1, 1],
    text: 'Share of the limit from which death is imminent; a large limit may be used up to 64 MiB of headroom.',
  },
  PLIMSOLL_HYSTERESIS: {
    option: 'hysteresisRatio',
    type: 'ratio',
    default: 0.05,
    range: [0, 0.5],
    text: 'How far below its share of the limit memory must fall, for 5 s, before a level of pressure ends.',
  },
  PLIMSOLL_CRITICAL_TIME: {
    option: 'criticalTimeMs',
    type: 'ms',
    default: 60_000,
    range: [1_000, 86_400_000],
    text: 'Predicted time to the limit from which pressure is critical; it is elevated from ten times, terminal from a twentieth of it.',
  },
  PLIMSOLL_EXTERNAL: {
    option: 'externalBytes',
    type: 'bytes',
    default: 0,
    range: [0, Number.MAX_SAFE_INTEGER],
    text: 'Memory to keep free beside the heap for Buffers and native libraries.',
  },
  PLIMSOLL_WORKERS: {
    option: 'workerCount',
    type: 'count',
    default: 0,
    range: [0, 1_024],
    text: 'Worker threads that live as long as the service; the plan keeps room for them.',
  },
  PLIMSOLL_WORKER_HEAP: {
    option: 'workerOldSpaceBytes',
    type: 'bytes',
    default: 16 * 1024 * 1024,
    range: [1024 * 1024, Number.MAX_SAFE_INTEGER],
    text: 'Old space of each worker thread, for its resourceLimits.',
  },
  PLIMSOLL_CHILDREN: {
    option: 'childCount',
    type: 'count',
    default: 0,
    range: [0, 1_024],
    text: 'Child processes of Node.js that live as long as the service (cluster, a process manager); every process gets an equal share of the limit.',
  },
  PLIMSOLL_INCIDENT_DIR: {
    option: 'incidentDir',
    type: 'path',
    default: null,
    text: 'Folder that incident folders are written to; by default `plimsoll-incidents-<uid>` in the temporary folder of the system.',
  },
  PLIMSOLL_RUN_DIR: {
    option: 'runDir',
    type: 'path',
    default: null,
    text: 'Folder of what a living process shows: status.json and the timeline; by default `run` in the incident folder.',
  },
  PLIMSOLL_CONTROL: {
    option: 'control',
    type: 'switch',
    default: true,
    text: 'off opens no control socket: `plimsoll top`, `explain`, `capture` and `drill` then find only what is on disk.',
  },
  PLIMSOLL_REQUESTS: {
    option: 'followsRequests',
    type: 'switch',
    default: true,
    text: 'off follows no HTTP requests: incidents then do not say what was in flight (method, route template, age, announced length; never a URL).',
  },
  PLIMSOLL_TRIGGER_RATIO: {
    option: 'triggerRatio',
    type: 'ratio',
    default: 0.85,
    range: [0.1, 1],
    text: 'Working set, as a share of the limit, at which an incident opens.',
  },
  PLIMSOLL_TRIGGER_BYTES: {
    option: 'triggerBytes',
    type: 'bytes',
    default: null,
    range: [1024 * 1024, Number.MAX_SAFE_INTEGER],
    text: 'Working set at which an incident opens, whatever the limit; by default only the share counts.',
  },
  PLIMSOLL_COOLDOWN: {
    option: 'cooldownMs',
    type: 'ms',
    default: 3_600_000,
    range: [0, 30 * 86_400_000],
    text: 'Time after an incident in which the same process opens no other.',
  },
  PLIMSOLL_INCIDENT_QUOTA: {
    option: 'incidentQuotaBytes',
    type: 'bytes',
    default: 96 * 1024 * 1024,
    range: [1024 * 1024, Number.MAX_SAFE_INTEGER],
    text: 'Bytes all incidents of this host may keep; the oldest go first. Less on a small or memory-backed file system.',
  },
  PLIMSOLL_INCIDENT_COUNT: {
    option: 'incidentCount',
    type: 'count',
    default: 12,
    range: [1, 10_000],
    text: 'How many incidents of this host are kept: of an outbreak the first and the newest, then the oldest go first.',
  },
  PLIMSOLL_INCIDENT_AGE: {
    option: 'incidentAgeMs',
    type: 'ms',
    default: 30 * 86_400_000,
    range: [3_600_000, 3650 * 86_400_000],
    text: 'Incidents older than this are removed when another opens, those of other hosts on the same volume too.',
  },
  PLIMSOLL_SNAPSHOT: {
    option: 'snapshot',
    type: 'word',
    default: 'auto',
    words: ['auto', 'off'],
    text: 'off never takes a heap snapshot; everything else works on.',
  },
  PLIMSOLL_SNAPSHOT_BACKEND: {
    option: 'snapshotBackend',
    type: 'word',
    default: 'v8',
    words: ['v8', 'heapdump'],
    text: 'What writes heap snapshots: Node.js itself, or the package heapdump where a service has it, under the same checks, with mode 0600 and without its grip on SIGUSR2.',
  },
  PLIMSOLL_PPROF: {
    option: 'pprof',
    type: 'word',
    default: 'auto',
    words: ['auto', 'off'],
    text: 'auto writes allocation profiles as allocation.pb.gz too, for `go tool pprof` and speedscope, where the package @datadog/pprof is installed and there is room to load it.',
  },
  PLIMSOLL_MAX_PAUSE: {
    option: 'maxPauseMs',
    type: 'ms',
    default: 1_000,
    range: [0, 3_600_000],
    text: 'Longest time a heap snapshot may stop the service, predicted at the CPU quota; a longer one is refused.',
  },
  PLIMSOLL_END: {
    option: 'ending',
    type: 'word',
    default: 'off',
    words: ['off', 'ordered'],
    text: 'ordered ends the process once death is imminent for a second, instead of being killed: evidence first, then `plimsoll:ending` is published, servers stop accepting, requests in flight are answered, hooks of `guard.onEnding` run, and the process exits.',
  },
  PLIMSOLL_END_DEADLINE: {
    option: 'endDeadlineMs',
    type: 'ms',
    default: 10_000,
    range: [100, 600_000],
    text: 'Longest time an ordered ending takes; requests in flight may take half of it.',
  },
  PLIMSOLL_END_CODE: {
    option: 'endCode',
    type: 'count',
    default: 75,
    range: [0, 255],
    text: 'Exit code of an ordered ending; 75 says that trying again may help (EX_TEMPFAIL).',
  },
  PLIMSOLL_LOG: {
    option: 'log',
    type: 'word',
    default: 'json',
    words: ['json', 'text', 'off'],
    text: 'Form of the lines on stderr.',
  },
  PLIMSOLL_AUTOPSY: {
    option: 'autopsy',
    type: 'word',
    default: 'auto',
    words: ['auto', 'off'],
    text: 'off never arms the hook at V8’s heap limit, takes no census and makes no autopsy; everything else works on.',
  },
  PLIMSOLL_ARM_FLOOR: {
    option: 'armFloorRatio',
    type: 'ratio',
    default: 0.75,
    range: [0.1, 1],
    text: 'Heap left after a collection, as a share of V8’s limit, from which a growing heap arms the hook.',
  },
  PLIMSOLL_ARM_USED: {
    option: 'armUsedRatio',
    type: 'ratio',
    default: 0.85,
    range: [0.1, 1],
    text: 'Used heap, as a share of V8’s limit, from which the hook is armed unless the heap is known to be flat.',
  },
  PLIMSOLL_ARM_TIME: {
    option: 'armTimeMs',
    type: 'ms',
    default: 10_000,
    range: [0, 3_600_000],
    text: 'Predicted time to V8’s limit below which the hook is armed.',
  },
  PLIMSOLL_ARM_GAP: {
    option: 'armGapMs',
    type: 'ms',
    default: 60_000,
    range: [0, 86_400_000],
    text: 'Least time between two armings; each stops the service for 15 to 300 ms.',
  },
  PLIMSOLL_DISARM: {
    option: 'disarmRatio',
    type: 'ratio',
    default: 0.6,
    range: [0.05, 1],
    text: 'Used heap, as a share of V8’s limit, below which the danger has passed.',
  },
  PLIMSOLL_DISARM_TIME: {
    option: 'disarmAfterMs',
    type: 'ms',
    default: 60_000,
    range: [0, 86_400_000],
    text: 'How long the danger must have passed before the hook is disarmed; armed it costs a service of many awaits 25 to 45 % of its speed.',
  },
  PLIMSOLL_AUTOPSY_HEADROOM: {
    option: 'autopsyHeadroomBytes',
    type: 'bytes',
    default: 24 * 1024 * 1024,
    range: [0, Number.MAX_SAFE_INTEGER],
    text: 'Headroom of the container below which an open incident gets its autopsy at once, before the kernel can kill; growth until it is done comes on top.',
  },
  PLIMSOLL_TERMINATION_LOG: {
    option: 'terminationLogPath',
    type: 'path',
    default: null,
    text: 'File that the last words go into, at most 4 kB; by default /dev/termination-log where Kubernetes has put it. It is never created.',
  },
  PLIMSOLL_SENTINEL: {
    option: 'sentinel',
    type: 'word',
    default: 'auto',
    words: ['auto', 'always', 'never'],
    text: 'A thread that sees a blocked event loop, and has the guard look and file its evidence in the middle of a synchronous loop. It takes 7 to 15 MB; auto leaves it out below a limit of 1 GiB, but for a day after a death that nobody saw coming.',
  },
  PLIMSOLL_EXIT_CODE: {
    option: 'exitCode',
    type: 'count',
    default: 134,
    range: [1, 255],
    text: 'Exit code of a death at V8’s heap limit that the guard ends; 134 is V8’s own death, which PID 1 of a container shows as 139.',
  },
} as const satisfies Record<string, VariableRow>;

/** The name of a variable in {@link variables}. */
export type VariableName = keyof typeof variables;
