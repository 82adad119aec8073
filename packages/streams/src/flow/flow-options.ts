import type { FlowStats, Puller } from './puller.ts';

/** What every helper of this package that makes a flow accepts. */
export interface FlowOptions {
  /**
   * Ends the flow at any moment with `ERR_PLIMSOLL_ABORTED`; the source is destroyed.
   * @default undefined
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * The holder the flow's bytes are counted under in the process's budget: a name from source code, never data. Flows of one name are one holder.
   * @default the helper's name, for example `streams.parseNdjson`
   */
  readonly name?: string | undefined;
}

/** How a flow is made; for the helpers of this package. */
export interface FlowSetup<T> {
  readonly helper: string;
  readonly signal: AbortSignal | undefined;
  /** Items are Buffers, so that the Node form counts bytes and not objects. */
  readonly ofBytes?: boolean;
  /** What has passed, for a flow whose items come before it is read. */
  readonly stats?: () => Partial<FlowStats>;
  /** Opens the source. Called at the first read, so that a flow nobody reads holds nothing. */
  open(): Puller<T>;
}
