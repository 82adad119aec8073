// More than 200 lines: that every call is answered exactly once, whatever its host does, can be checked only where all that settles a call is on one page.
import { performance } from 'node:perf_hooks';
import { type MemoryHolder, PlimsollError, registerHolder, requireBytes } from '@plimsoll/memory';
import { publishLazyEvent } from '../lazy-events.ts';
import { requireDurationMs, requirePositiveCount, withDefaults } from '../require-option.ts';
import { type HostMessage, type Peer, type PeerExit, type StartPeer, unpackError } from './peer.ts';
import type { CallOptions, RemoteCall } from './remote-call.ts';

/** How a module runs in a worker or child process. */
export interface RemoteModuleOptions {
  /** Heap the module may use: the old space of the worker or child. From the heap plan: its `workerOldSpaceBytes`, or the bytes kept free beside the heap. */
  readonly maxHeapBytes: number;
  /**
   * After so long without a call the worker or child ends, and the next call starts another. Milliseconds, or Infinity.
   * @default 30_000
   */
  readonly idleMs?: number;
  /**
   * Calls under way in the worker or child at one time; others wait here, unsent. More than one helps functions that wait, not those that compute.
   * @default 1
   */
  readonly concurrencyCount?: number;
  /**
   * Calls that wait or are under way at most; one more is refused with ERR_PLIMSOLL_LIMIT.
   * @default 100
   */
  readonly maxPendingCount?: number;
  /**
   * Milliseconds, or Infinity, from the call until its caller gets ERR_PLIMSOLL_TIMEOUT.
   * @default 60_000
   */
  readonly callTimeoutMs?: number;
  /**
   * Shown in `plimsoll top`, events and errors. A name from source code.
   * @default the last part of the module's path
   */
  readonly name?: string;
}

/** What {@link RemoteModuleOptions} are when left out. */
export const remoteModuleDefaults: Readonly<Required<Omit<RemoteModuleOptions, 'maxHeapBytes' | 'name'>>> =
  Object.freeze({ idleMs: 30_000, concurrencyCount: 1, maxPendingCount: 100, callTimeoutMs: 60_000 });

/** The functions of a module as seen from outside: each answers with a promise. */
export type RemoteApi<Api> = {
  readonly [
    Name in keyof Api as Api[Name] extends (...args: never[]) => unknown ? Name : never
  ]: Api[Name] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Awaited<Answer>>
    : never;
};

/** The counters of a {@link RemoteModule}. */
export interface RemoteModuleStats {
  readonly running: boolean;
  /** Calls sent and not answered. */
  readonly activeCount: number;
  /** Calls not sent yet. */
  readonly waitingCount: number;
  readonly startCount: number;
  readonly crashCount: number;
  readonly callCount: number;
}

/** A host that still runs a call its caller gave up is ended after this. */
const CANCEL_GRACE_MS = 1_000;
/** Pause before a host is started after one that crashed, doubled with each crash in a row. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** What a host is taken to hold before it first said so: an empty child, measured. */
const ASSUMED_BYTES = 40 * 1_048_576;

/** A module that runs in a worker or child process while it is needed. Made by {@link lazyWorker} and {@link lazyProcess}. */
export class RemoteModule<Api> implements MemoryHolder {
  /** Shown in `plimsoll top`, events and errors. */
  readonly name: string;
  /** The module's functions: `await pdf.api.render(order)`. To pass a signal or to move buffers use {@link call}. */
  readonly api: RemoteApi<Api>;

  readonly #url: string;
  readonly #startPeer: StartPeer;
  readonly #options: Required<Omit<RemoteModuleOptions, 'name'>>;
  readonly #registration: Disposable;
  readonly #waiting = new Set<RemoteCall>();
  readonly #active = new Map<number, RemoteCall>();
  #peer: Peer | undefined;
  #peerBytes = 0;
  #ending = false;
  #closed = false;
  #onExit: (() => void) | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #pauseTimer: NodeJS.Timeout | undefined;
  #crashesInRow = 0;
  #lastUseMs = 0;
  #nextId = 1;
  #startCount = 0;
  #crashCount = 0;
  #callCount = 0;

  /** For {@link lazyWorker} and {@link lazyProcess}. */
  constructor(url: string | URL, options: RemoteModuleOptions, startPeer: StartPeer) {
    const settings = withDefaults(remoteModuleDefaults, options);
    this.#url = moduleUrl(url);
    this.#startPeer = startPeer;
    this.#options = {
      maxHeapBytes: requireBytes('maxHeapBytes', settings.maxHeapBytes, 1_048_576),
      idleMs: requireDurationMs('idleMs', settings.idleMs),
      concurrencyCount: requirePositiveCount('concurrencyCount', settings.concurrencyCount),
      maxPendingCount: requirePositiveCount('maxPendingCount', settings.maxPendingCount),
      callTimeoutMs: requireDurationMs('callTimeoutMs', settings.callTimeoutMs),
    };
    this.name = options.name ?? this.#url.slice(this.#url.lastIndexOf('/') + 1);
    this.api = this.#createApi();
    this.#registration = registerHolder(this, { weak: true });
  }

  /**
   * Calls one function of the module. Arguments and answer are copied by structured clone; a Buffer arrives in a worker as Uint8Array.
   * Rejects with what the function throws; ERR_PLIMSOLL_FACTORY when the module does not load; ERR_PLIMSOLL_UNAVAILABLE when the worker or child ends in mid-call;
   * ERR_PLIMSOLL_LIMIT, ERR_PLIMSOLL_TIMEOUT, ERR_PLIMSOLL_ABORTED, ERR_PLIMSOLL_DISPOSED.
   */
  call<Name extends keyof RemoteApi<Api> & string>(
    method: Name,
    args: Parameters<RemoteApi<Api>[Name]>,
    options: CallOptions = {},
  ): Promise<Awaited<ReturnType<RemoteApi<Api>[Name]>>> {
    return this.#call(method, args, options) as Promise<Awaited<ReturnType<RemoteApi<Api>[Name]>>>;
  }

  /** Bytes the worker or child holds, as it last said. */
  bytes(): number {
    return this.#peer === undefined ? 0 : this.#peerBytes;
  }

  /** What ending it costs: 0.5 just after a call, falling towards 0.2 as it idles. */
  readonly cost = (): number => 0.2 + 0.3 / (1 + (performance.now() - this.#lastUseMs) / 1_000);

  /** Ends the worker or child unless it is in use. */
  reclaim(): number {
    if (this.#peer === undefined || this.#active.size + this.#waiting.size > 0) return 0;
    const bytes = this.#peerBytes;
    this.#endPeer('pressure');
    this.#peerBytes = 0;
    return bytes;
  }

  /** The counters now. */
  stats(): RemoteModuleStats {
    return {
      running: this.#peer !== undefined && !this.#ending,
      activeCount: this.#active.size,
      waitingCount: this.#waiting.size,
      startCount: this.#startCount,
      crashCount: this.#crashCount,
      callCount: this.#callCount,
    };
  }

  /** Ends the worker or child for good; calls that have no answer yet are refused. Resolves when it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#registration[Symbol.dispose]();
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#pauseTimer);
    for (const call of [...this.#waiting, ...this.#active.values()]) this.#settle(call, this.#closedError());
    if (this.#peer === undefined) return;
    const gone = new Promise<void>((resolve) => {
      this.#onExit = resolve;
    });
    // An idle host does not hold the process; whoever awaits its end does.
    this.#peer.hold(true);
    this.#endPeer('end');
    await gone;
  }

  #createApi(): RemoteApi<Api> {
    return new Proxy(Object.create(null) as RemoteApi<Api>, {
      get: (_, method) => {
        // A promise is looked for by this name wherever the api is awaited or returned.
        if (typeof method !== 'string' || method === 'then') return undefined;
        return (...args: unknown[]) => this.#call(method, args, {});
      },
    });
  }

  #call(method: string, args: readonly unknown[], options: CallOptions): Promise<unknown> {
    const { signal, transfer = [] } = options;
    return new Promise<unknown>((resolve, reject) => {
      const timeoutMs = requireDurationMs('timeoutMs', options.timeoutMs ?? this.#options.callTimeoutMs);
      if (this.#closed) throw this.#closedError();
      if (signal?.aborted === true) throw this.#abortedError(signal);
      if (this.#active.size + this.#waiting.size >= this.#options.maxPendingCount) throw this.#fullError();
      const id = this.#nextId;
      this.#nextId += 1;
      const call: RemoteCall = {
        id,
        method,
        args,
        transfer,
        resolve,
        reject,
        cleanUp: () => {},
        settled: false,
      };
      call.cleanUp = this.#watchCaller(call, signal, timeoutMs);
      this.#callCount += 1;
      this.#waiting.add(call);
      this.#pump();
    });
  }

  #watchCaller(call: RemoteCall, signal: AbortSignal | undefined, timeoutMs: number): () => void {
    const onAbort = (): void => this.#giveUp(call, this.#abortedError(signal));
    signal?.addEventListener('abort', onAbort, { once: true });
    const finite = timeoutMs !== Number.POSITIVE_INFINITY;
    const timer = finite
      ? setTimeout(() => this.#giveUp(call, this.#timeoutError(timeoutMs)), timeoutMs)
      : undefined;
    return () => {
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    };
  }

  /** Answers the caller, and lets the host finish or drop the call on its own for a while. */
  #giveUp(call: RemoteCall, error: PlimsollError): void {
    const sent = this.#active.has(call.id);
    this.#settle(call, error);
    if (!sent) return;
    // Still under way there: it keeps its place until the host answers or is ended.
    this.#active.set(call.id, call);
    const peer = this.#peer;
    this.#tell(peer, { kind: 'cancel', id: call.id });
    const timer = setTimeout(() => {
      if (this.#active.has(call.id) && this.#peer === peer) peer?.end();
    }, CANCEL_GRACE_MS);
    timer.unref();
  }

  #tell(peer: Peer | undefined, message: Parameters<Peer['send']>[0]): void {
    try {
      peer?.send(message, []);
    } catch {
      // The host is on its way out; its exit settles the calls.
    }
  }

  /** Sends what waits, as far as there is room, and starts a host when there is none. */
  #pump(): void {
    if (this.#waiting.size === 0) {
      this.#rest();
      return;
    }
    if (this.#peer === undefined) {
      if (this.#pauseTimer !== undefined || this.#closed) return;
      this.#start();
    }
    if (this.#ending) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
    this.#peer?.hold(true);
    for (const call of this.#waiting) {
      if (this.#active.size >= this.#options.concurrencyCount) return;
      this.#waiting.delete(call);
      this.#send(call);
    }
  }

  #send(call: RemoteCall): void {
    this.#active.set(call.id, call);
    try {
      const { id, method, args } = call;
      this.#peer?.send({ kind: 'call', id, method, args }, call.transfer);
    } catch (error) {
      // What cannot be cloned is the caller's to mend.
      this.#settle(call, error);
    }
  }

  #start(): void {
    this.#startCount += 1;
    this.#ending = false;
    this.#peerBytes = ASSUMED_BYTES;
    const peer = this.#startPeer(this.#url, this.#options.maxHeapBytes, {
      onMessage: (message) => this.#receive(message),
      onExit: (exit) => this.#exited(exit),
    });
    this.#peer = peer;
    publishLazyEvent(this.name, 'started', { startCount: this.#startCount });
  }

  #receive(message: HostMessage): void {
    if ('bytes' in message) this.#peerBytes = message.bytes;
    if (message.kind === 'ready') return;
    if (message.kind === 'load-failed') {
      const error = this.#loadError(unpackError(message.error));
      for (const call of this.#active.values()) this.#settle(call, error);
      this.#crashesInRow += 1;
      this.#endPeer('load-failed');
      return;
    }
    this.#crashesInRow = 0;
    this.#lastUseMs = performance.now();
    const call = this.#active.get(message.id);
    if (call === undefined) return;
    if (message.kind === 'error') this.#settle(call, unpackError(message.error));
    else if (!call.settled) {
      this.#settle(call, undefined);
      call.resolve(message.value);
    }
    this.#active.delete(message.id);
    this.#pump();
  }

  #exited({ exitCode, signal, cause }: PeerExit): void {
    const expected = this.#ending;
    this.#peer = undefined;
    this.#ending = false;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
    if (!expected) {
      this.#crashCount += 1;
      this.#crashesInRow += 1;
      publishLazyEvent(this.name, 'crashed', { exitCode, signal });
    }
    const error = this.#exitError(exitCode, signal, cause);
    for (const call of this.#active.values()) this.#settle(call, error);
    this.#active.clear();
    this.#onExit?.();
    if (this.#crashesInRow > 0 && !this.#closed) this.#pause();
    this.#pump();
  }

  #pause(): void {
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(20, this.#crashesInRow - 1));
    this.#pauseTimer = setTimeout(() => {
      this.#pauseTimer = undefined;
      this.#pump();
    }, pauseMs);
    // The time-out of a call that waits holds the process; a pause alone does not.
    this.#pauseTimer.unref();
  }

  /** Nothing waits: once nothing is under way either, the host no longer holds the process, and ends after `idleMs`. */
  #rest(): void {
    if (this.#active.size > 0 || this.#peer === undefined) return;
    this.#peer.hold(false);
    if (this.#options.idleMs === Number.POSITIVE_INFINITY || this.#idleTimer !== undefined) return;
    this.#idleTimer = setTimeout(() => this.#endPeer('idle'), this.#options.idleMs);
    this.#idleTimer.unref();
  }

  #endPeer(reason: 'idle' | 'pressure' | 'end' | 'load-failed'): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
    if (this.#peer === undefined || this.#ending) return;
    this.#ending = true;
    publishLazyEvent(this.name, 'ended', { reason });
    this.#peer.end();
  }

  /** Answers the caller once: with `error`, or (undefined) leaves it to `call.resolve`. */
  #settle(call: RemoteCall, error: unknown): void {
    this.#waiting.delete(call);
    this.#active.delete(call.id);
    if (call.settled) return;
    call.settled = true;
    call.cleanUp();
    if (error !== undefined) call.reject(error);
  }

  #closedError(): PlimsollError {
    return new PlimsollError('ERR_PLIMSOLL_DISPOSED', `"${this.name}" has ended. Declare it anew.`);
  }

  #abortedError(signal: AbortSignal | undefined): PlimsollError {
    return new PlimsollError('ERR_PLIMSOLL_ABORTED', `A call of "${this.name}" was ended by its signal.`, {
      cause: signal?.reason,
    });
  }

  #timeoutError(timeoutMs: number): PlimsollError {
    return new PlimsollError(
      'ERR_PLIMSOLL_TIMEOUT',
      `A call of "${this.name}" had no answer within ${timeoutMs} ms. Ask for less, or allow more time.`,
      { details: { name: this.name, timeoutMs } },
    );
  }

  #fullError(): PlimsollError {
    const { maxPendingCount } = this.#options;
    return new PlimsollError(
      'ERR_PLIMSOLL_LIMIT',
      `${maxPendingCount} calls of "${this.name}" have no answer yet, as many as maxPendingCount allows. Take on less at once, or raise it.`,
      { details: { name: this.name, maxPendingCount } },
    );
  }

  #loadError(cause: Error): PlimsollError {
    return new PlimsollError(
      'ERR_PLIMSOLL_FACTORY',
      `"${this.name}" did not load: ${cause.message}. See the cause; the next call tries again.`,
      { cause, details: { url: this.#url } },
    );
  }

  #exitError(exitCode: number | null, signal: string | null, cause: unknown): PlimsollError {
    const how = signal === null ? `exit code ${exitCode ?? 'unknown'}` : signal;
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    return new PlimsollError(
      'ERR_PLIMSOLL_UNAVAILABLE',
      `"${this.name}" ended in mid-call by ${how}${why}. The next call starts it anew; repeat this one if that is safe.`,
      { cause, details: { name: this.name, exitCode, signal } },
    );
  }
}

function moduleUrl(url: string | URL): string {
  const href = String(url);
  if (URL.canParse(href)) return href;
  throw new PlimsollError(
    'ERR_PLIMSOLL_OPTION',
    `url is ${JSON.stringify(href)}; expected an absolute URL. Give new URL('./module.js', import.meta.url), or import.meta.resolve('package').`,
  );
}
