import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KernelFile } from './kernel-file.ts';

/** The kernel's AT_PAGESZ. */
const AUXV_PAGE_SIZE = 6n;

/** Columns of /proc/self/statm: size, resident, shared, text, lib, data. */
const SIZE = 0;
const RESIDENT = 1;
const SHARED = 2;
const DATA = 5;

/** The memory of this process as the kernel counts it. Its numbers are fields, so that a reading allocates nothing. */
export class ProcessGauge {
  residentBytes = 0;
  /** Resident and of no file. */
  anonymousBytes = 0;
  addressSpaceBytes = 0;
  dataBytes = 0;
  readonly #statm: KernelFile | undefined;
  readonly #pageBytes: number;
  readonly #columns = new Float64Array(6);

  constructor(root: string) {
    this.#statm = KernelFile.open(join(root, '/proc/self/statm'));
    this.#pageBytes = readPageBytes(root);
  }

  /** `residentBytes` is what Node says, for a system without /proc. */
  refresh(residentBytes: number): void {
    if (this.#statm?.refresh() !== true) {
      this.residentBytes = residentBytes;
      this.anonymousBytes = residentBytes;
      return;
    }
    const columns = this.#columns;
    this.#statm.integers(columns);
    const resident = columns[RESIDENT] ?? 0;
    this.residentBytes = resident * this.#pageBytes;
    this.anonymousBytes = (resident - (columns[SHARED] ?? 0)) * this.#pageBytes;
    this.addressSpaceBytes = (columns[SIZE] ?? 0) * this.#pageBytes;
    this.dataBytes = (columns[DATA] ?? 0) * this.#pageBytes;
  }

  close(): void {
    this.#statm?.close();
  }
}

/** Pages are 4 kB on x86-64, and 4, 16 or 64 kB on arm64; Node has no call for it. */
export function readPageBytes(root: string): number {
  try {
    const auxv = readFileSync(join(root, '/proc/self/auxv'));
    for (let at = 0; at + 16 <= auxv.length; at += 16) {
      if (auxv.readBigUInt64LE(at) === AUXV_PAGE_SIZE) return Number(auxv.readBigUInt64LE(at + 8));
    }
  } catch {
    // No auxv outside Linux or without permission: the usual size is the best guess.
  }
  return 4096;
}
