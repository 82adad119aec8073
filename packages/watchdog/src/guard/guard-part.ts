import { forgetProcessWide, type MemoryLimit } from '@plimsoll/memory';
import type { Ladder } from '../ladder/ladder.ts';
import { type CaptureOutcome, type GuardCore, guardSlot } from './guard.ts';
import type { PlannedHeap } from './guard-options.ts';

/** What the guard of a process and the part of it in each worker have in common: handles that are counted, evidence that is asked for, and an end that comes once. */
export abstract class GuardPart implements GuardCore {
  abstract readonly limit: MemoryLimit;
  abstract readonly plan: PlannedHeap | undefined;
  readonly offReasons: string[] = [];
  /** Undefined where nothing can be filed. */
  protected ladder: Ladder | undefined;
  #handleCount = 0;
  #isActive = true;
  readonly #onExit = (): void => this.#end();

  get active(): boolean {
    return this.#isActive;
  }

  get incidents(): readonly string[] {
    return this.ladder?.folders ?? [];
  }

  capture(reason: string): CaptureOutcome {
    if (!this.#isActive || this.ladder === undefined) {
      return { folder: undefined, files: [], refusals: this.offReasons };
    }
    return this.captureWith(this.ladder, reason);
  }

  retain(): void {
    this.#handleCount += 1;
  }

  release(): void {
    this.#handleCount -= 1;
    if (this.#handleCount > 0) return;
    process.removeListener('exit', this.#onExit);
    this.#end();
    forgetProcessWide(guardSlot);
  }

  /** Has {@link close} called at the end of the thread. */
  protected endWithThread(): void {
    process.once('exit', this.#onExit);
  }

  /** Has `ladder` file evidence of a moment that is looked at now. */
  protected abstract captureWith(ladder: Ladder, reason: string): CaptureOutcome;

  /** The clean end, once. Never throws. */
  protected abstract close(): void;

  #end(): void {
    if (!this.#isActive) return;
    this.#isActive = false;
    this.close();
  }
}
