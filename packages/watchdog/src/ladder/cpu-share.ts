/** Work shorter than this says nothing: one time slice of the kernel's is as long. */
const leastMs = 5;
/** A share found longer ago says nothing of now. */
const validMs = 60_000;

/**
 * How much of one core this process gets when it works: CPU time ÷ time by the clock of the last piece of work that was measured. On a node that is crowded a pause lasts
 * as many times longer, without any quota saying so (0.6 s predicted, 6 s measured, on two cores with 18 processes waiting).
 */
export class CpuShare {
  #ratio = 1;
  #atMs = Number.NEGATIVE_INFINITY;

  /** Does `work`, a garbage collection or the like, and measures it. */
  measure<Result>(work: () => Result): Result {
    const beganMs = performance.now();
    const before = process.cpuUsage();
    const result = work();
    const { user, system } = process.cpuUsage(before);
    this.note(performance.now() - beganMs, (user + system) / 1000);
    return result;
  }

  /** Takes a measurement: time by the clock and CPU time, which counts helper threads too and so flatters the share. */
  note(elapsedMs: number, cpuMs: number): void {
    if (elapsedMs < leastMs) return;
    this.#ratio = Math.min(1, Math.max(0.01, cpuMs / elapsedMs));
    this.#atMs = performance.now();
  }

  /** 0.01 to 1; 1 when nothing was measured in the last minute. */
  get ratio(): number {
    return performance.now() - this.#atMs <= validMs ? this.#ratio : 1;
  }
}
