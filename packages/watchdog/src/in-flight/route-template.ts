import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest, ServerHttp2Stream } from 'node:http2';
import { processWide } from '@plimsoll/memory';

/** Fastify publishes the route of each request it hands to its handler. */
const fastifyChannel = 'tracing:fastify.request.handler:start';
const longestTemplate = 128;

/** Templates told by {@link nameRoute} and by frameworks; gone with their requests. */
function templates(): WeakMap<object, string> {
  return processWide('route-templates', () => new WeakMap<object, string>());
}

/**
 * Tells the template of the route that answers `request`, for a framework that does not tell it itself (Express and Fastify do): incidents name it instead of the URL. Text from
 * source code only, `/users/:id`: it is written down as it is.
 */
export function nameRoute(request: IncomingMessage | Http2ServerRequest, template: string): void {
  templates().set(request, template);
  // Over HTTP/2 Node.js tells of streams, not of requests.
  if ('stream' in request) templates().set(request.stream, template);
}

/** The template of the request that came over HTTP/2 as `stream`; null when nobody told. */
export function streamTemplateOf(stream: ServerHttp2Stream): string | null {
  return shown(templates().get(stream));
}

/** The template of `request`: told by {@link nameRoute} or Fastify, or found on it as Express leaves it. Null when nobody told. */
export function routeTemplateOf(request: IncomingMessage): string | null {
  const told = templates().get(request) ?? (request as ExpressRequest).route?.path;
  return shown(told);
}

function shown(told: unknown): string | null {
  return typeof told === 'string' && told !== '' && told.length <= longestTemplate ? told : null;
}

/** Listens to the frameworks that publish their routes. */
export function followRoutes(): Disposable {
  const onFastify = (message: unknown): void => {
    const { request, route } = message as FastifyMessage;
    if (request?.raw !== undefined && typeof route?.url === 'string') nameRoute(request.raw, route.url);
  };
  subscribe(fastifyChannel, onFastify);
  return { [Symbol.dispose]: () => void unsubscribe(fastifyChannel, onFastify) };
}

/** Express sets `request.route` once a route has matched; its path may also be a list or a pattern. */
interface ExpressRequest extends IncomingMessage {
  readonly route?: { readonly path?: unknown };
}

interface FastifyMessage {
  readonly request?: { readonly raw?: IncomingMessage | Http2ServerRequest };
  readonly route?: { readonly url?: unknown };
}
