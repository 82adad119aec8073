import { totalmem } from 'node:os';
import { join } from 'node:path';
import { KernelFile, lineKey } from './kernel-file.ts';

const memTotal = Buffer.from('MemTotal:');
const memAvailable = lineKey('MemAvailable:');

/** The memory of the machine, for a process that nothing tighter limits. */
export class HostGauge {
  limitBytes: number = totalmem();
  /** What the machine cannot give any more; NaN where the system does not say (macOS, Windows). */
  workingSetBytes = Number.NaN;
  readonly #meminfo: KernelFile | undefined;

  constructor(root: string) {
    this.#meminfo = KernelFile.open(join(root, '/proc/meminfo'));
    if (this.#meminfo?.refresh() === true) this.#readTotal();
  }

  #readTotal(): void {
    const totalKib = this.#meminfo?.number(memTotal) ?? Number.NaN;
    if (totalKib > 0) this.limitBytes = totalKib * 1024;
  }

  refresh(): void {
    if (this.#meminfo?.refresh() !== true) return;
    this.#readTotal();
    this.workingSetBytes = this.limitBytes - this.#meminfo.number(memAvailable) * 1024;
  }

  close(): void {
    this.#meminfo?.close();
  }
}
