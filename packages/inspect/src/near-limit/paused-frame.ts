/** A scope as V8 describes it in a pause. */
export interface PausedScope {
  readonly type: string;
  /** Of the function it belongs to. */
  readonly name?: string;
  readonly object: { readonly objectId?: string };
}

/** A frame of the paused stack. Lines and columns count from 0, as in V8's protocol. */
export interface PausedFrame {
  readonly functionName: string;
  readonly location: {
    readonly scriptId: string;
    readonly lineNumber: number;
    readonly columnNumber?: number;
  };
  readonly scopeChain: readonly PausedScope[];
}
