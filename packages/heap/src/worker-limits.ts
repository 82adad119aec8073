import { setFlagsFromString } from 'node:v8';

/** V8 reads these at the start of every isolate and, where one is set, prefers it to the isolate's own constraints. */
const SIZE_FLAGS = ['--max-old-space-size=0', '--max-semi-space-size=0', '--max-heap-size=0'] as const;

/**
 * Makes the `resourceLimits` of worker threads count. A size flag on the command line silently overrides them, while `worker.resourceLimits` still reports
 * what was asked for; V8 reads the flags once per isolate, so they can be cleared after the main isolate has its limit, which stays as it is.
 * Call it on the main thread before the first worker starts; calling it again changes nothing.
 * @see https://github.com/nodejs/node/issues/43991
 */
export function honourWorkerLimits(): void {
  for (const flag of SIZE_FLAGS) setFlagsFromString(flag);
}
