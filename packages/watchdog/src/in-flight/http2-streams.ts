import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { InFlightRequest } from './in-flight-request.ts';
import { streamTemplateOf } from './route-template.ts';

const createdChannel = 'http2.server.stream.created';
const closeChannel = 'http2.server.stream.close';
const maxHeavy = 256;

/** What is kept of a request that came over HTTP/2. */
interface Exchange {
  readonly startedAtMs: number;
  readonly method: string;
  readonly contentLengthBytes: number | null;
}

/** How {@link Http2Streams} follows. */
export interface Http2Terms {
  /** More than this are counted, not followed. */
  readonly maxFollowed: number;
  readonly heavyBytes: number;
  readonly onHeavy: () => void;
}

/** The requests in flight of all HTTP/2 servers of this process. Node.js tells of them from 22.17 and 24 on; before, none is seen. Of the headers only method and length are looked at. */
export class Http2Streams implements Disposable {
  readonly #terms: Http2Terms;
  readonly #exchanges = new Map<ServerHttp2Stream, Exchange>();
  /** Those with a large body. */
  readonly #heavy = new Set<ServerHttp2Stream>();
  #uncounted = 0;

  constructor(terms: Http2Terms) {
    this.#terms = terms;
    subscribe(createdChannel, this.#onCreated);
    subscribe(closeChannel, this.#onClose);
  }

  /** How many are being answered. */
  get count(): number {
    return this.#exchanges.size + this.#uncounted;
  }

  /** Those with large bodies, and the `count` oldest. Looks at a few hundred at most. */
  suspects(count: number, nowMs: number): InFlightRequest[] {
    const candidates = new Set(this.#heavy);
    for (const stream of this.#exchanges.keys()) {
      if (candidates.size >= this.#heavy.size + count) break;
      candidates.add(stream);
    }
    return Array.from(candidates, (stream) => {
      const {
        startedAtMs = nowMs,
        method = '?',
        contentLengthBytes = null,
      } = this.#exchanges.get(stream) ?? {};
      const ageMs = Math.round(nowMs - startedAtMs);
      return { method, route: streamTemplateOf(stream), ageMs, contentLengthBytes };
    });
  }

  [Symbol.dispose](): void {
    unsubscribe(createdChannel, this.#onCreated);
    unsubscribe(closeChannel, this.#onClose);
    this.#exchanges.clear();
    this.#heavy.clear();
  }

  readonly #onCreated = (message: unknown): void => {
    const { stream, headers } = message as CreatedMessage;
    const { maxFollowed, heavyBytes, onHeavy } = this.#terms;
    if (this.#exchanges.size >= maxFollowed) {
      this.#uncounted += 1;
      return;
    }
    const length = Number(headers['content-length']);
    const contentLengthBytes = length > 0 ? length : null;
    const method = String(headers[':method'] ?? '?');
    this.#exchanges.set(stream, { startedAtMs: performance.now(), method, contentLengthBytes });
    if ((contentLengthBytes ?? 0) < heavyBytes || this.#heavy.size >= maxHeavy) return;
    this.#heavy.add(stream);
    onHeavy();
  };

  /** Comes for each stream, also where the client has gone. */
  readonly #onClose = (message: unknown): void => {
    const { stream } = message as CreatedMessage;
    this.#heavy.delete(stream);
    if (!this.#exchanges.delete(stream)) this.#uncounted = Math.max(0, this.#uncounted - 1);
  };
}

interface CreatedMessage {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders & { readonly ':method'?: string };
}
