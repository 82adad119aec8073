import type { Buffer } from 'node:buffer';
import { checkChoice } from '../option-check.ts';
import { timeoutFault } from '../fault.ts';
import { decompress } from '../zip/compression.ts';
import { describeFault, statusOf } from './answer-fault.ts';
import { boundedBytes, type FetchMessage } from './bounded-response.ts';
import { type BodyMiddlewareOptions, decodeAs } from './express-body.ts';
import { type BodyPlan, codingOf, planBody } from './receive.ts';
import { collectBytes } from '../collect/collect.ts';

/** How {@link honoBody} receives. */
export type HonoBodyOptions = BodyMiddlewareOptions;

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

/** The bytes of a request, decompressed: platforms decode the bodies of responses only. */
async function bytesOf(request: FetchMessage, plan: BodyPlan, signal: AbortSignal): Promise<Buffer> {
  const { maxBytes, maxDecompressedBytes, name } = plan;
  const format = codingOf(request.headers.get('content-encoding'));
  const wire = { maxBytes, signal, name };
  if (format === undefined || request.body === null) return boundedBytes(request, wire);
  const compressed = await boundedBytes(request, wire);
  const flow = decompress(compressed, { format, maxOutputBytes: maxDecompressedBytes, name, signal });
  return collectBytes(flow, { maxBytes: maxDecompressedBytes, name, signal });
}

/**
 * Hono middleware that receives the body of `c.req.raw` within bounds and keeps it under `c.get('body')`. A refused body is answered with 400, 408, 413 or 415
 * and `{ "error": { "code", "message" } }`.
 * @throws ERR_PLIMSOLL_OPTION at the call.
 */
export function honoBody(options: HonoBodyOptions): HonoMiddleware {
  const plan = planBody(options);
  const as = checkChoice('as', options.as ?? 'json', ['json', 'text', 'bytes'] as const);
  const { timeoutMs } = plan;
  return async (context, next) => {
    const request = context.req.raw as FetchMessage;
    if (request.body === null) return next();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs).unref();
    const signal = plan.signal === undefined ? late.signal : AbortSignal.any([plan.signal, late.signal]);
    try {
      context.set('body', decodeAs(as, await bytesOf(request, plan, signal), plan));
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
