import type { IncomingMessage, ServerResponse } from 'node:http';
import { isPlimsollError } from '@plimsoll/memory/holders';
import { lingerAfter } from './answer-fault.ts';
import { type BodyMiddlewareOptions, bodyReader } from './express-body.ts';

/** The part of a Fastify instance that is used. */
export interface FastifyLike {
  addContentTypeParser(
    contentType: string | string[] | RegExp,
    parser: (request: unknown, payload: IncomingMessage) => Promise<unknown>,
  ): unknown;
  addHook(
    name: 'onError',
    hook: (
      request: { readonly raw: IncomingMessage },
      reply: { readonly raw: ServerResponse; removeHeader(name: string): unknown },
      error: Error,
    ) => Promise<void>,
  ): unknown;
  removeContentTypeParser?(contentType: string | string[] | RegExp): unknown;
}

/** How {@link fastifyBody} parses. */
export interface FastifyBodyOptions extends BodyMiddlewareOptions {
  /**
   * The media type whose bodies are received.
   * @default 'application/json'
   */
  readonly contentType?: string | undefined;
}

/**
 * Makes a Fastify instance receive bodies within bounds: `fastifyBody(app, { maxBytes: mib(1) })` replaces its parser of `contentType`. A refused body is
 * answered with 400, 408, 413 or 415 by Fastify, which reads `statusCode`.
 * @throws ERR_PLIMSOLL_OPTION at the call.
 */
export function fastifyBody(instance: FastifyLike, options: FastifyBodyOptions): void {
  const read = bodyReader(options);
  const { contentType = 'application/json' } = options;
  instance.removeContentTypeParser?.(contentType);
  instance.addContentTypeParser(contentType, (_request, payload) => read(payload));
  instance.addHook('onError', (request, reply, error) => {
    if (isPlimsollError(error) && !request.raw.complete) {
      // Fastify closes the connection with the answer, which resets it while the client still writes: it is closed a second later instead.
      reply.removeHeader('connection');
      lingerAfter(request.raw, reply.raw);
    }
    return Promise.resolve();
  });
}
