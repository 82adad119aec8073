import { type MemoryLimit, type PlimsollConfig, resolveMemoryLimit } from '@plimsoll/memory';

/** What was found out about the memory a service may use. */
export interface ServiceLimit {
  readonly limit: MemoryLimit;
  /** False when nothing but the machine's memory bounds the process: a heap sized to that would starve everything beside it. */
  readonly isBounded: boolean;
  /** The limit in words: `256 MiB from /sys/fs/cgroup/memory.max`. */
  readonly origin: string;
}

/** The limit in force for a service started here with this configuration, or for the running process `pid`. */
export function findServiceLimit(config: Pick<PlimsollConfig, 'limitBytes'>, pid?: number): ServiceLimit {
  const limit = resolveMemoryLimit({
    ...(config.limitBytes === null ? {} : { overrideBytes: config.limitBytes }),
    ...(pid === undefined ? {} : { pid }),
  });
  return { limit, isBounded: limit.source !== 'host', origin: limit.origin };
}

/** As if the limit were `limitBytes`, whatever this machine has. */
export function assumedLimit(limitBytes: number, origin = '--limit'): ServiceLimit {
  const limit: MemoryLimit = {
    limitBytes,
    source: 'option',
    origin,
    layout: 'none',
    candidates: [{ source: 'option', limitBytes, origin, kind: 'override' }],
    notes: [],
  };
  return { limit, isBounded: true, origin };
}
