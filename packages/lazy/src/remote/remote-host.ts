import { publishLazyEvent } from '../lazy-events.ts';
import type { HostMessage, Peer, PeerExit, PeerMessage } from './peer.ts';

/** Pause before a host is started after one that crashed, doubled with each crash in a row. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** What a host is taken to hold before it first said so: an empty child, measured. */
const ASSUMED_BYTES = 40 * 1_048_576;

/** What a {@link RemoteHost} asks of the module it runs. */
export interface HostOwner {
  readonly name: string;
  /** Starts a worker or child. */
  start(events: { onMessage(message: HostMessage): void; onExit(exit: PeerExit): void }): Peer;
  /** The host said something. */
  receive(message: HostMessage): void;
  /** The host is gone. */
  exited(exit: PeerExit): void;
  /** A host can be had again after a pause. */
  available(): void;
}

/** Why a host was ended. */
export type HostEnd = 'idle' | 'pressure' | 'end' | 'load-failed';

/** The worker or child of a remote module through its lives: started when needed, ended when idle, started anew after a crash and a pause. */
export class RemoteHost {
  readonly #owner: HostOwner;
  readonly #idleMs: number;
  #peer: Peer | undefined;
  #heldBytes = 0;
  #ending = false;
  #closed = false;
  #onGone: (() => void) | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #pauseTimer: NodeJS.Timeout | undefined;
  #crashesInRow = 0;
  #startCount = 0;
  #crashCount = 0;

  constructor(owner: HostOwner, idleMs: number) {
    this.#owner = owner;
    this.#idleMs = idleMs;
  }

  /** The host there is; calls can be sent to it unless it is {@link ending}. */
  get peer(): Peer | undefined {
    return this.#peer;
  }

  get ending(): boolean {
    return this.#ending;
  }

  get startCount(): number {
    return this.#startCount;
  }

  get crashCount(): number {
    return this.#crashCount;
  }

  /** Bytes it holds, as it last said. */
  get bytes(): number {
    return this.#peer === undefined ? 0 : this.#heldBytes;
  }

  /** A host that holds the process and takes calls, started when there is none; undefined while one ends, or while the pause after a crash lasts. */
  use(): Peer | undefined {
    if (this.#peer === undefined) {
      if (this.#pauseTimer !== undefined || this.#closed) return undefined;
      this.#start();
    }
    if (this.#ending) return undefined;
    this.#stopIdling();
    this.#peer?.hold(true);
    return this.#peer;
  }

  /** Nothing waits and nothing is under way: it no longer holds the process, and ends after `idleMs`. */
  rest(): void {
    this.#peer?.hold(false);
    if (
      this.#peer === undefined ||
      this.#idleMs === Number.POSITIVE_INFINITY ||
      this.#idleTimer !== undefined
    )
      return;
    this.#idleTimer = setTimeout(() => this.end('idle'), this.#idleMs);
    this.#idleTimer.unref();
  }

  /** Tells it something, if it can hear. */
  tell(message: PeerMessage): void {
    try {
      this.#peer?.send(message, []);
    } catch {
      // It is on its way out; its exit settles the calls.
    }
  }

  /** Ends it; the next call starts another. */
  end(reason: HostEnd): void {
    this.#stopIdling();
    if (this.#peer === undefined || this.#ending) return;
    this.#ending = true;
    // On its way back: nobody can hope for it once more.
    this.#heldBytes = 0;
    if (reason === 'load-failed') this.#crashesInRow += 1;
    publishLazyEvent(this.#owner.name, 'ended', { reason });
    this.#peer.end();
  }

  /** Ends it for good. Resolves when it has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopIdling();
    clearTimeout(this.#pauseTimer);
    if (this.#peer === undefined) return;
    const gone = new Promise<void>((resolve) => {
      this.#onGone = resolve;
    });
    // An idle host does not hold the process; whoever awaits its end does.
    this.#peer.hold(true);
    this.end('end');
    await gone;
  }

  #start(): void {
    this.#startCount += 1;
    this.#ending = false;
    this.#heldBytes = ASSUMED_BYTES;
    this.#peer = this.#owner.start({
      onMessage: (message) => this.#receive(message),
      onExit: (exit) => this.#exited(exit),
    });
    publishLazyEvent(this.#owner.name, 'started', { startCount: this.#startCount });
  }

  #receive(message: HostMessage): void {
    if ('bytes' in message) this.#heldBytes = message.bytes;
    if (message.kind === 'value' || message.kind === 'error') this.#crashesInRow = 0;
    this.#owner.receive(message);
  }

  #exited(exit: PeerExit): void {
    const expected = this.#ending;
    this.#peer = undefined;
    this.#ending = false;
    this.#stopIdling();
    if (!expected) {
      this.#crashCount += 1;
      this.#crashesInRow += 1;
      const { exitCode, signal } = exit;
      publishLazyEvent(this.#owner.name, 'crashed', { exitCode, signal });
    }
    // Before the owner hears of it: the calls that still wait are not to be sent at once.
    if (this.#crashesInRow > 0 && !this.#closed) this.#pause();
    this.#owner.exited(exit);
    this.#onGone?.();
  }

  #pause(): void {
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(20, this.#crashesInRow - 1));
    this.#pauseTimer = setTimeout(() => {
      this.#pauseTimer = undefined;
      this.#owner.available();
    }, pauseMs);
    // The time-out of a call that waits holds the process; a pause alone does not.
    this.#pauseTimer.unref();
  }

  #stopIdling(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
  }
}
