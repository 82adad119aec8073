/** Callers to a block: 1 KiB. Few enough that a block with one caller left in it is no loss, enough that a block costs little a caller. */
const BLOCK_LENGTH = 64;

/** Settles a wait with its result, or a rejected promise. */
export type WaitResolve = (result: unknown) => void;

/** What stands where nobody waits. */
export const nobody: WaitResolve = () => {};

/** What only some callers bring along, and their place in the line; the others are one function and one number in a block. */
export interface WaiterExtras {
  readonly label: string | undefined;
  /** Where it was asked from, when this lease is to be watched. */
  readonly stack: string | undefined;
  /** True when a timer of its own, or none, ends this wait, and not the pool's common one. */
  readonly ownTimeout: boolean;
  /** Ends what was set up for this waiter alone: an abort listener, a timer of its own. */
  cleanUp: (() => void) | undefined;
  /** Where it stands; undefined once it has left the line. */
  block: WaiterBlock | undefined;
  index: number;
}

/** Up to 64 callers in a row of a {@link WaiterQueue}: the function that settles each and when it joined, and what few of them brought along. */
export class WaiterBlock {
  previous: WaiterBlock | undefined = undefined;
  next: WaiterBlock | undefined = undefined;
  readonly #resolves: WaitResolve[] = Array.from({ length: BLOCK_LENGTH }, () => nobody);
  readonly #queuedAtMs = new Float64Array(BLOCK_LENGTH);
  #extras: (WaiterExtras | undefined)[] | undefined = undefined;
  #firstIndex = 0;
  #endIndex = 0;
  #count = 0;

  /** The first that still stands here; those before have left. */
  get firstIndex(): number {
    return this.#firstIndex;
  }

  /** True when nobody can join here any more. */
  get full(): boolean {
    return this.#endIndex === BLOCK_LENGTH;
  }

  /** True when all that joined have left. */
  get empty(): boolean {
    return this.#count === 0;
  }

  /** The first from `index` on that has not left and has no time-out of its own; -1 when there is none. */
  nextCommon(index: number): number {
    for (let at = Math.max(index, this.#firstIndex); at < this.#endIndex; at += 1) {
      if (this.#resolves[at] !== nobody && this.#extras?.[at]?.ownTimeout !== true) return at;
    }
    return -1;
  }

  /** When the caller of `index` joined. */
  queuedAtMs(index: number): number {
    return this.#queuedAtMs[index] ?? 0;
  }

  /** What the caller of `index` brought along. */
  extras(index: number): WaiterExtras | undefined {
    return this.#extras?.[index];
  }

  /** A caller joins; answers its index. */
  add(resolve: WaitResolve, queuedAtMs: number): number {
    const index = this.#endIndex;
    this.#resolves[index] = resolve;
    this.#queuedAtMs[index] = queuedAtMs;
    this.#endIndex = index + 1;
    this.#count += 1;
    return index;
  }

  /** Keeps what the caller of `index` brought along. */
  setExtras(index: number, extras: WaiterExtras): void {
    this.#extras ??= Array.from({ length: BLOCK_LENGTH }, () => undefined);
    this.#extras[index] = extras;
  }

  /** The caller of `index` leaves; answers what settles its wait. */
  take(index: number): WaitResolve {
    const resolve = this.#resolves[index] ?? nobody;
    this.#resolves[index] = nobody;
    if (this.#extras !== undefined) this.#extras[index] = undefined;
    this.#count -= 1;
    if (index === this.#firstIndex) this.#skipLeft();
    return resolve;
  }

  /** As new, to be used once more. */
  clear(): void {
    this.previous = undefined;
    this.next = undefined;
    this.#firstIndex = 0;
    this.#endIndex = 0;
  }

  #skipLeft(): void {
    let index = this.#firstIndex + 1;
    while (index < this.#endIndex && this.#resolves[index] === nobody) index += 1;
    this.#firstIndex = index;
  }
}
