import { readFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { processEnvironment } from '@plimsoll/memory';
import { isInspectorPortOpen, openInspector } from '../inspector/inspector.ts';

/** Flags that make V8 or Node act at the limit themselves. */
const LIMIT_FLAGS = ['heapsnapshot-near-heap-limit', 'heap-snapshot-on-oom', 'heap-prof-near-heap-limit'];

/** Native modules that register a callback at V8's limit when they are asked to; V8 calls only the last that was registered. */
const LIMIT_MODULES = [
  { name: '@datadog/pprof', file: '/dd_pprof.' },
  { name: 'node-oom-heapdump', file: '/node_oom_heapdump_native.node' },
  { name: 'pprof', file: '/pprof.node' },
] as const;

/**
 * Why the hook must not be armed now, a sentence; undefined when it may. An inspector client would be paused with us, and would have to end the pause; a second callback at
 * the limit would not be called any more.
 */
export function findStandDown(): string | undefined {
  const inspector = openInspector();
  if (!inspector.available) return `There is no inspector: ${inspector.unavailableReason ?? 'unknown'}`;
  if (isInspectorPortOpen()) return 'The inspector port is open: a client would be paused with us.';
  const flag = LIMIT_FLAGS.find(isFlagSet);
  if (flag !== undefined) return `--${flag} acts at the limit itself.`;
  const native = loadedLimitModule();
  if (native !== undefined) return `${native} may act at the limit itself.`;
  return getHeapStatistics().heap_size_limit > 0 ? undefined : 'V8 states no heap limit.';
}

function isFlagSet(flag: string): boolean {
  const words = [...process.execArgv, ...(processEnvironment()['NODE_OPTIONS'] ?? '').split(/\s+/)];
  return words.some((word) => word.replaceAll('_', '-').replace(/=.*$/, '').replace(/^--/, '') === flag);
}

/** Native modules are seen in the address space, however they were loaded. */
function loadedLimitModule(): string | undefined {
  try {
    const maps = readFileSync('/proc/self/maps', 'latin1');
    return LIMIT_MODULES.find(({ file }) => maps.includes(file))?.name;
  } catch {
    // No /proc here: what is loaded cannot be known, and most processes load none of these.
    return undefined;
  }
}
