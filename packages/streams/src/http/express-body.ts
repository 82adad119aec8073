import type { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodeJson, decodeText } from '../collect/collect.ts';
import { checkChoice } from '../option-check.ts';
import { lingerAfter } from './answer-fault.ts';
import { type BodyOptions, type BodyPlan, planBody, receiveWith } from './receive.ts';

/** How a body is given to the handler. */
export interface BodyMiddlewareOptions extends BodyOptions {
  /**
   * What the handler gets.
   * @default 'json'
   */
  readonly as?: 'json' | 'text' | 'bytes' | undefined;
}

/** What makes a body value of a request. */
export type BodyReader = (request: IncomingMessage) => Promise<unknown>;

/** @throws ERR_PLIMSOLL_OPTION. */
export function bodyReader(options: BodyMiddlewareOptions): BodyReader {
  const plan = planBody(options);
  const as = checkChoice('as', options.as ?? 'json', ['json', 'text', 'bytes'] as const);
  return async (request) => decodeAs(as, await receiveWith(request, plan), plan);
}

/** What the handler gets of the bytes. @throws ERR_PLIMSOLL_FORMAT; ERR_PLIMSOLL_LIMIT for too deep a nesting. */
export function decodeAs(as: 'json' | 'text' | 'bytes', bytes: Buffer, plan: BodyPlan): unknown {
  if (as === 'bytes') return bytes;
  return as === 'text' ? decodeText(bytes) : decodeJson(bytes, plan);
}

/** True when the request announces a body. */
function hasBody(request: IncomingMessage): boolean {
  const { headers } = request;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** A middleware for Express, Connect and what takes `(request, response, next)`. */
export type BodyMiddleware = (
  request: IncomingMessage & { body?: unknown },
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Express middleware that puts the body into `request.body`: `app.post('/orders', expressBody({ maxBytes: mib(1) }), handler)`. Requests without a body pass.
 * A refused body goes to the error handler with `status` 400, 408, 413 or 415, which Express's own answers with.
 * @throws ERR_PLIMSOLL_OPTION at the call.
 */
export function expressBody(options: BodyMiddlewareOptions): BodyMiddleware {
  const read = bodyReader(options);
  const receive = async (request: Parameters<BodyMiddleware>[0]): Promise<void> => {
    request.body = await read(request);
  };
  return (request, response, next) => {
    if (!hasBody(request)) {
      next();
      return;
    }
    const pass = (): void => next();
    const refuse = (error: unknown): void => {
      lingerAfter(request, response);
      next(error);
    };
    void receive(request).then(pass, refuse);
  };
}
