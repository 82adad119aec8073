import type { CollectJsonOptions } from '../collect/collect.ts';
import { describeFault, statusOf } from './answer-fault.ts';
import { boundedBytes, boundedJson, boundedText, type FetchMessage } from './bounded-response.ts';
import { checkJsonOptions } from '../collect/collect.ts';
import { checkBound, checkChoice, checkMs } from '../option-check.ts';
import { timeoutFault } from '../fault.ts';

/** How {@link honoBody} receives. */
export interface HonoBodyOptions extends CollectJsonOptions {
  /**
   * What the handler gets.
   * @default 'json'
   */
  readonly as?: 'json' | 'text' | 'bytes' | undefined;
  /**
   * How long the whole body may take, in milliseconds.
   * @default 30000
   */
  readonly timeoutMs?: number | undefined;
}

/** The part of a Hono context that is used. */
export interface HonoContextLike {
  readonly req: { readonly raw: unknown };
  set(key: string, value: unknown): void;
}

/** A Hono middleware. */
export type HonoMiddleware = (
  context: HonoContextLike,
  next: () => Promise<void>,
) => Promise<Response | void>;

const DEFAULTS = Object.freeze({ timeoutMs: 30_000 });

const READERS = { json: boundedJson, text: boundedText, bytes: boundedBytes };

/**
 * Hono middleware that receives the body of `c.req.raw` within bounds and keeps it under `c.get('body')`. A refused body is answered with 400, 408 or 413 and
 * `{ "error": { "code", "message" } }`. The platform decodes no request body: a compressed one is answered with 400 as the bytes it is.
 * @throws ERR_PLIMSOLL_OPTION at the call.
 */
export function honoBody(options: HonoBodyOptions): HonoMiddleware {
  checkBound('maxBytes', options?.maxBytes);
  checkJsonOptions(options);
  const read = READERS[checkChoice('as', options.as ?? 'json', ['json', 'text', 'bytes'] as const)];
  const timeoutMs = checkMs('timeoutMs', options.timeoutMs ?? DEFAULTS.timeoutMs, 1);
  return async (context, next) => {
    const request = context.req.raw as FetchMessage;
    if (request.body === null) return next();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs).unref();
    const signal =
      options.signal === undefined ? late.signal : AbortSignal.any([options.signal, late.signal]);
    try {
      context.set('body', await read(request, { ...options, signal }));
    } catch (error) {
      return refusal(late.signal.aborted ? lateFault(timeoutMs) : error);
    } finally {
      clearTimeout(timer);
    }
    return next();
  };
}

function lateFault(timeoutMs: number): Error {
  return timeoutFault(`The body did not come within timeoutMs = ${timeoutMs}.`, {
    option: 'timeoutMs',
    timeoutMs,
  });
}

function refusal(error: unknown): Response {
  return Response.json({ error: describeFault(error) }, { status: statusOf(error) });
}
