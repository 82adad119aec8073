/** What {@link Batch.take} answers when it has no more. */
export const drained: unique symbol = Symbol('drained');

/** Items that are there already: taken one by one without waiting. */
export interface Batch<T> {
  /** The next item, or {@link drained}. May throw: the flow ends with that error. */
  take(): T | typeof drained;
}

/** Makes the items of a flow. `pull` is never called while a pull is pending; nothing is called after `close`. */
export interface Puller<T> {
  /** The next batch; undefined at the end. */
  pull(): Promise<Batch<T> | undefined>;
  /** Releases everything and ends the source. Called once, whatever way the flow ends; a pending `pull` must settle soon after. */
  close(reason?: unknown): Promise<void>;
  /** What has passed so far. */
  stats?(): Partial<FlowStats>;
}

/** What has passed through a flow, and what it holds. */
export interface FlowStats {
  /** Bytes read from the source, where the source is one of bytes. */
  readonly readBytes: number;
  /** Items given out. */
  readonly itemCount: number;
  /** Items left out by policy: bad lines, dropped chunks. */
  readonly skippedCount: number;
  /** Bytes held now, as the process's budget sees them. */
  readonly heldBytes: number;
}

/** A batch of one item. */
export class OneItem<T> implements Batch<T> {
  #item: T | typeof drained;

  constructor(item: T) {
    this.#item = item;
  }

  take(): T | typeof drained {
    const item = this.#item;
    this.#item = drained;
    return item;
  }
}
