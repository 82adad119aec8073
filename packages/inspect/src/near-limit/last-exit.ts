import { isMainThread } from 'node:worker_threads';
import { isInspectorPortOpen } from '../inspector/inspector.ts';

/** What V8's own death at its limit shows: SIGABRT, which a shell and a container runtime report as 128 + 6. */
const ABORTED_CODE = 134;

/**
 * Ends this thread: the process, or the worker alone. Nothing of the service runs any more, as in V8's own death: no exit listeners, no cleanup. The code 134 is given as V8
 * gives it, by `abort()`: the same signal for the parent, the same core file where one is wanted. An end by any other code would wait for an attached inspector client, for
 * ever on Node 20; then it is the abort as well.
 */
export function endThread(code: number): never {
  // The one place that ends the process: V8 was about to do so in this very moment.
  // oxlint-disable-next-line no-restricted-properties
  if (isMainThread && (code === ABORTED_CODE || isInspectorPortOpen())) process.abort();
  return reallyExit(code);
}

/** `process.exit` runs the service's exit listeners, in a heap that is full; the function under it does not. In a worker it ends the worker alone. */
function reallyExit(code: number): never {
  const runtime = process as NodeJS.Process & { reallyExit?: (code: number) => never };
  if (isMainThread && typeof runtime.reallyExit === 'function') return runtime.reallyExit(code);
  return runtime.exit(code);
}
