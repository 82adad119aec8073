// A little more than 200 lines: that every call is answered exactly once, whatever its host does, can be checked only where all that settles a call is on one page.
import { performance } from 'node:perf_hooks';
import { durationRange, type MemoryHolder, registerHolder, requireCount } from '@plimsoll/memory/holders';
import { type HostMessage, type PeerExit, type PeerHeap, type StartPeer, unpackError } from './peer.ts';
import type { CallOptions, RemoteCall } from './remote-call.ts';
import {
  abortedError,
  endedError,
  hostEndedError,
  notLoadedError,
  requireModuleUrl,
  tooManyCallsError,
  unansweredError,
} from './remote-errors.ts';
import { RemoteHost } from './remote-host.ts';
import {
  type RemoteApi,
  type RemoteModuleOptions,
  type RemoteModuleStats,
  resolveRemoteModuleOptions,
} from './remote-module-options.ts';

/** A host that still runs a call its caller gave up is ended after this. */
const CANCEL_GRACE_MS = 1_000;

/** A module that runs in a worker or child process while it is needed. Made by {@link lazyWorker} and {@link lazyProcess}. */
export class RemoteModule<Api> implements MemoryHolder {
  /** Shown in `plimsoll top`, events and errors. */
  readonly name: string;
  /** The module's functions: `await pdf.api.render(order)`. To pass a signal or to move buffers use {@link call}. */
  readonly api: RemoteApi<Api>;

  readonly #url: string;
  readonly #options: Required<Omit<RemoteModuleOptions, 'name'>>;
  readonly #heap: PeerHeap;
  readonly #host: RemoteHost;
  readonly #registration: Disposable;
  readonly #waiting = new Set<RemoteCall>();
  readonly #active = new Map<number, RemoteCall>();
  #closed = false;
  #lastUseMs = 0;
  #nextId = 1;
  #callCount = 0;

  /** For {@link lazyWorker} and {@link lazyProcess}. */
  constructor(
    url: string | URL,
    options: RemoteModuleOptions & { readonly youngSpaceBytes?: number },
    startPeer: StartPeer,
  ) {
    this.#url = requireModuleUrl(url);
    this.#options = resolveRemoteModuleOptions(options);
    const { maxHeapBytes: oldSpaceBytes } = this.#options;
    const { youngSpaceBytes } = options;
    this.#heap = youngSpaceBytes === undefined ? { oldSpaceBytes } : { oldSpaceBytes, youngSpaceBytes };
    this.name = options.name ?? this.#url.slice(this.#url.lastIndexOf('/') + 1);
    this.api = this.#createApi();
    const owner = {
      name: this.name,
      start: (events: Parameters<StartPeer>[2]) => startPeer(this.#url, this.#heap, events),
      receive: (message: HostMessage) => this.#receive(message),
      exited: (exit: PeerExit) => this.#exited(exit),
      available: () => this.#pump(),
    };
    this.#host = new RemoteHost(owner, this.#options.idleMs);
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
    return this.#host.bytes;
  }

  /** What ending it costs: 0.5 just after a call, falling towards 0.2 as it idles. */
  readonly cost = (): number => 0.2 + 0.3 / (1 + (performance.now() - this.#lastUseMs) / 1_000);

  /** Ends the worker or child unless it is in use. */
  reclaim(): number {
    if (this.#active.size + this.#waiting.size > 0) return 0;
    const { bytes } = this.#host;
    this.#host.end('pressure');
    return bytes;
  }

  /** The counters now. */
  stats(): RemoteModuleStats {
    return {
      running: this.#host.peer !== undefined && !this.#host.ending,
      activeCount: this.#active.size,
      waitingCount: this.#waiting.size,
      startCount: this.#host.startCount,
      crashCount: this.#host.crashCount,
      callCount: this.#callCount,
    };
  }

  /** Ends the worker or child for good; calls that have no answer yet are refused. Resolves when it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#registration[Symbol.dispose]();
    const unanswered = [...this.#waiting, ...this.#active.values()];
    for (const call of unanswered) this.#settle(call, endedError(this.name));
    await this.#host.close();
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
      const timeoutMs = requireCount(
        'timeoutMs',
        options.timeoutMs ?? this.#options.callTimeoutMs,
        durationRange,
      );
      if (this.#closed) throw endedError(this.name);
      if (signal?.aborted === true) throw abortedError(this.name, signal);
      const { maxPendingCount } = this.#options;
      if (this.#active.size + this.#waiting.size >= maxPendingCount)
        throw tooManyCallsError(this.name, maxPendingCount);
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
    const onAbort = (): void => this.#giveUp(call, abortedError(this.name, signal));
    signal?.addEventListener('abort', onAbort, { once: true });
    const finite = timeoutMs !== Number.POSITIVE_INFINITY;
    const timer = finite
      ? setTimeout(() => this.#giveUp(call, unansweredError(this.name, timeoutMs)), timeoutMs)
      : undefined;
    return () => {
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    };
  }

  /** Answers the caller, and lets the host finish or drop the call on its own for a while. */
  #giveUp(call: RemoteCall, error: Error): void {
    const sent = this.#active.has(call.id);
    this.#settle(call, error);
    if (!sent) return;
    // Still under way there: it keeps its place until the host answers or is ended.
    this.#active.set(call.id, call);
    const { peer } = this.#host;
    this.#host.tell({ kind: 'cancel', id: call.id });
    const timer = setTimeout(() => {
      if (this.#active.has(call.id) && this.#host.peer === peer) peer?.end();
    }, CANCEL_GRACE_MS);
    timer.unref();
  }

  /** Sends what waits, as far as there is room, to a host that is started when there is none. */
  #pump(): void {
    if (this.#waiting.size === 0) {
      if (this.#active.size === 0) this.#host.rest();
      return;
    }
    if (this.#host.use() === undefined) return;
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
      this.#host.peer?.send({ kind: 'call', id, method, args }, call.transfer);
    } catch (error) {
      // What cannot be cloned is the caller's to mend.
      this.#settle(call, error);
    }
  }

  #receive(message: HostMessage): void {
    if (message.kind === 'ready') return;
    if (message.kind === 'load-failed') {
      const error = notLoadedError(this.name, this.#url, unpackError(message.error));
      for (const call of this.#active.values()) this.#settle(call, error);
      this.#host.end('load-failed');
      return;
    }
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

  #exited(exit: PeerExit): void {
    const error = hostEndedError(this.name, exit);
    for (const call of this.#active.values()) this.#settle(call, error);
    this.#active.clear();
    this.#pump();
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
}
