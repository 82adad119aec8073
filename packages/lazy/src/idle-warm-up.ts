import { performance } from 'node:perf_hooks';

/** How often the event loop is looked at, and below which share of busy time it counts as idle. */
const WINDOW_MS = 50;
const IDLE_RATIO = 0.3;

/**
 * Calls `work` when the event loop was busy for less than 30 % of the last 50 ms, and after `patienceMs` in any case. Never holds the process.
 * @returns what ends the wait.
 */
export function whenEventLoopIdle(work: () => void, patienceMs: number): () => void {
  const startMs = performance.now();
  let last = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    if (utilization >= IDLE_RATIO && performance.now() - startMs < patienceMs) return;
    clearInterval(timer);
    work();
  }, WINDOW_MS);
  timer.unref();
  return () => clearInterval(timer);
}
