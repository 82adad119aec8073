import { isMainThread } from 'node:worker_threads';
import { isInspectorPortOpen } from '../inspector/inspector.ts';

/** What V8's own death at its limit shows: SIGABRT, which a shell and a container runtime report as 128 + 6. */
const ABORTED_CODE = 134;

/**
 * What PID 1 of a container shows instead: the kernel keeps SIGABRT from an init process, so that `abort()` goes on to the instruction behind it, and that is a SIGSEGV.
 * Measured on x64; the instruction is another one elsewhere.
 */
const ABORTED_INIT_CODE = process.arch === 'x64' ? 139 : null;

/** The exit code that a shell or a container runtime reads when the main thread ends by {@link endThread} with `code`; null where that is not known. */
export function shownExitCode(code: number): number | null {
  if (!isAbort(code)) return code;
  return process.pid === 1 ? ABORTED_INIT_CODE : ABORTED_CODE;
}

function isAbort(code: number): boolean {
  return code === ABORTED_CODE || isInspectorPortOpen();
}

/**
 * Ends this thread: the process, or the worker alone. Nothing of the service runs any more, as in V8's own death: no exit listeners, no cleanup. The code 134 is given as V8
 * gives it. On the main thread that is `abort()`: the same signal for the parent, the same core file where one is wanted. An end by any other code would wait for an attached
 * inspector client, for ever on Node 20; then it is the abort as well. In a worker it is the error its owner would have been given: `ERR_WORKER_OUT_OF_MEMORY`.
 */
export function endThread(code: number): never {
  if (!isMainThread) return endWorker(code);
  // oxlint-disable-next-line no-restricted-properties -- the one place that ends the process: V8 was about to do so in this very moment
  if (isAbort(code)) process.abort();
  const runtime = process as NodeJS.Process & { reallyExit?: (code: number) => never };
  // `process.exit` runs the service's exit listeners, in a heap that is full; the function under it does not.
  if (typeof runtime.reallyExit === 'function') return runtime.reallyExit(code);
  return exit(code);
}

/**
 * Returning from the pause in a worker aborts the whole process: with V8's debugger enabled, Node's own callback at the limit, which would end the worker alone, is no longer
 * called. So the worker ends here, by the way of an uncaught error, which reaches the owner as its `error` event; then the event `exit` with the code 1, as without us.
 */
function endWorker(code: number): never {
  // None of the worker's own listeners may run in a full heap, nor take the error for handled.
  process.removeAllListeners('exit');
  process.removeAllListeners('uncaughtException');
  process.removeAllListeners('uncaughtExceptionMonitor');
  const runtime = process as NodeJS.Process & { _fatalException?: (error: Error) => boolean };
  if (code === ABORTED_CODE && typeof runtime._fatalException === 'function') {
    try {
      runtime._fatalException(outOfMemory());
    } catch {
      // A Node that has changed the way: the worker ends all the same, and its owner sees the code.
    }
    return exit(1);
  }
  return exit(code);
}

/** What Node makes for the owner of a worker that met its limit, member for member. */
function outOfMemory(): Error {
  const message = 'Worker terminated due to reaching memory limit: JS heap out of memory';
  const error = Object.assign(new Error(message), { code: 'ERR_WORKER_OUT_OF_MEMORY' });
  error.stack = `Error [${error.code}]: ${message}`;
  return error;
}

function exit(code: number): never {
  // oxlint-disable-next-line no-restricted-properties -- the same place, for a worker, and for a runtime without the function under it
  return process.exit(code);
}
