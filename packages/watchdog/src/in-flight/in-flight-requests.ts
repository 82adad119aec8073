import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { InFlightReport, InFlightRequest } from './in-flight-request.ts';
import { Http2Streams } from './http2-streams.ts';
import { followRoutes, routeTemplateOf } from './route-template.ts';

const startChannel = 'http.server.request.start';
const finishChannel = 'http.server.response.finish';
const maxSuspects = 8;
/** More requests than this are counted, not followed: a flood must not become a leak of ours. */
const maxFollowed = 20_000;
const maxHeavy = 256;

/** Called when a request with a body of at least `heavyBytes` begins. Must not throw. */
export type HeavyListener = () => void;

/**
 * The requests of all HTTP servers of this process, 1.1 and 2, that are being answered, through Node's diagnostics channels: no wrapper, no listener on any request. A tenth of a
 * microsecond at the start and at the end of each. A request whose client has gone ends without a word; {@link InFlightRequests.sweep} forgets it at the next tick.
 */
export class InFlightRequests implements Disposable {
  readonly #startedAt = new Map<ServerResponse, number>();
  /** Those with a large body. */
  readonly #heavy = new Set<ServerResponse>();
  readonly #heavyBytes: number;
  readonly #onHeavy: HeavyListener;
  readonly #routes: Disposable = followRoutes();
  readonly #http2: Http2Streams;
  readonly #knownServers = new WeakSet<Server>();
  #servers: WeakRef<Server>[] = [];
  #uncounted = 0;

  /** `onHeavy` is told of each request that announces a body of at least `heavyBytes`, before the service sees it. */
  constructor(heavyBytes: number, onHeavy: HeavyListener) {
    this.#heavyBytes = heavyBytes;
    this.#onHeavy = onHeavy;
    this.#http2 = new Http2Streams({ maxFollowed, heavyBytes, onHeavy });
    subscribe(startChannel, this.#onStart);
    subscribe(finishChannel, this.#onFinish);
  }

  /** How many are being answered. */
  get count(): number {
    return this.#startedAt.size + this.#uncounted + this.#http2.count;
  }

  /** The servers that have answered a request and still listen. */
  get servers(): Server[] {
    return this.#servers.flatMap((server) => server.deref() ?? []).filter(({ listening }) => listening);
  }

  /** Forgets the requests whose client has gone. */
  sweep(): void {
    for (const response of this.#startedAt.keys()) if (isOver(response)) this.#forget(response);
    if (this.#startedAt.size === 0) this.#uncounted = 0;
  }

  /** The requests of this moment: how many, and the eight most suspicious: the largest bodies, then the oldest. Looks at a few hundred at most. */
  report(): InFlightReport {
    const nowMs = performance.now();
    const candidates = new Set(this.#heavy);
    for (const response of this.#startedAt.keys()) {
      if (candidates.size >= this.#heavy.size + maxSuspects) break;
      candidates.add(response);
    }
    const suspects = Array.from(candidates, (response) => this.#describe(response, nowMs));
    suspects.push(...this.#http2.suspects(maxSuspects, nowMs));
    suspects.sort(bySuspicion);
    return { atMs: Date.now(), count: this.count, suspects: suspects.slice(0, maxSuspects) };
  }

  #describe(response: ServerResponse, nowMs: number): InFlightRequest {
    const { req: request } = response;
    return {
      method: request.method ?? '?',
      route: routeTemplateOf(request),
      ageMs: Math.round(nowMs - (this.#startedAt.get(response) ?? nowMs)),
      contentLengthBytes: contentLengthOf(request),
    };
  }

  [Symbol.dispose](): void {
    unsubscribe(startChannel, this.#onStart);
    unsubscribe(finishChannel, this.#onFinish);
    this.#routes[Symbol.dispose]();
    this.#http2[Symbol.dispose]();
    this.#startedAt.clear();
    this.#heavy.clear();
  }

  #forget(response: ServerResponse): boolean {
    this.#heavy.delete(response);
    return this.#startedAt.delete(response);
  }

  readonly #onStart = (message: unknown): void => {
    const { request, response, server } = message as StartMessage;
    if (!this.#knownServers.has(server)) this.#meet(server);
    if (this.#startedAt.size >= maxFollowed) {
      this.#uncounted += 1;
      return;
    }
    this.#startedAt.set(response, performance.now());
    const { method } = request;
    if (method === 'GET' || method === 'HEAD') return;
    if ((contentLengthOf(request) ?? 0) < this.#heavyBytes || this.#heavy.size >= maxHeavy) return;
    this.#heavy.add(response);
    this.#onHeavy();
  };

  /** A server is held weakly: programs make and drop them. */
  #meet(server: Server): void {
    this.#knownServers.add(server);
    this.#servers = this.#servers.filter((known) => known.deref()?.listening === true);
    this.#servers.push(new WeakRef(server));
  }

  readonly #onFinish = (message: unknown): void => {
    const { response } = message as StartMessage;
    if (!this.#forget(response)) this.#uncounted = Math.max(0, this.#uncounted - 1);
  };
}

interface StartMessage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly server: Server;
}

function isOver(response: ServerResponse): boolean {
  return response.destroyed || response.writableFinished || response.req.socket?.destroyed !== false;
}

/** The announced length of a body; null when there is none. */
function contentLengthOf(request: IncomingMessage): number | null {
  const length = Number(request.headers['content-length']);
  return length > 0 ? length : null;
}

function bySuspicion(a: InFlightRequest, b: InFlightRequest): number {
  return (b.contentLengthBytes ?? 0) - (a.contentLengthBytes ?? 0) || b.ageMs - a.ageMs;
}
