/** An error as it crosses to another thread or process. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: unknown;
}

/** What a host says. */
export type HostMessage =
  | { readonly kind: 'ready'; readonly bytes: number }
  | { readonly kind: 'load-failed'; readonly error: PackedError }
  | { readonly kind: 'value'; readonly id: number; readonly value: unknown; readonly bytes: number }
  | { readonly kind: 'error'; readonly id: number; readonly error: PackedError };

/** What a host is told. */
export type PeerMessage =
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly args: readonly unknown[] }
  | { readonly kind: 'cancel'; readonly id: number };

/** How a host ended. */
export interface PeerExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** What the runtime said of it: a worker that ran out of heap. */
  readonly cause?: unknown;
}

/** Told what a host says and how it ends; `onExit` comes exactly once, and last. */
export interface PeerEvents {
  onMessage(message: HostMessage): void;
  onExit(exit: PeerExit): void;
}

/** A running host: a worker thread or a child process. */
export interface Peer {
  /** Throws what cannot be cloned at once. */
  send(message: PeerMessage, transfer: readonly ArrayBuffer[]): void;
  /** Whether it holds this process. */
  hold(holds: boolean): void;
  /** Ends it. */
  end(): void;
}

/** How large the heap of a host may be. */
export interface PeerHeap {
  readonly oldSpaceBytes: number;
  /** V8's default when left out. */
  readonly youngSpaceBytes?: number;
}

/** Starts a host for the module at `url`. */
export type StartPeer = (url: string, heap: PeerHeap, events: PeerEvents) => Peer;

/** The error that was packed on the other side, with its stack there. */
export function unpackError({ name, message, stack, code }: PackedError): Error {
  const error = new Error(message);
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  if (stack !== undefined) error.stack = stack;
  if (code !== undefined) Object.assign(error, { code });
  return error;
}
