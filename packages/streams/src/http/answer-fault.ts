import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isPlimsollError } from '@plimsoll/memory/holders';
import type { HttpFault } from '../fault.ts';

/**
 * How long a refused client may go on sending after its answer. Closing at once would reset the connection, and the client would lose the answer while it
 * still writes.
 */
const LINGER_MS = 1000;

/** The status of an error of this package, 500 for any other. */
export function statusOf(error: unknown): number {
  const { statusCode } = error as Partial<HttpFault>;
  return isPlimsollError(error) && statusCode !== undefined ? statusCode : 500;
}

/** What a client is told: code and message of an error of this package, which hold no data; nothing of any other. */
export function describeFault(error: unknown): { readonly code: string; readonly message: string } {
  if (isPlimsollError(error) && (error as Partial<HttpFault>).expose === true) {
    return { code: error.code, message: error.message };
  }
  return { code: 'ERR_INTERNAL', message: 'The request could not be processed.' };
}

/** After the answer, throws away what a refused client still sends, for a second at most; then the connection is closed. */
export function lingerAfter(request: IncomingMessage, response: ServerResponse): void {
  response.once('finish', () => {
    if (request.complete || request.destroyed) return;
    request.once('error', () => undefined); // The client may go away instead: that was the aim.
    request.resume();
    const timer = setTimeout(() => request.destroy(), LINGER_MS).unref();
    request.once('close', () => clearTimeout(timer));
    request.once('end', () => clearTimeout(timer));
  });
}

/** Answers a failed {@link receiveJson} with its status and `{ "error": { "code", "message" } }`, without data of the request, and ends the request. */
export function answerFault(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const text = JSON.stringify({ error: describeFault(error) });
  lingerAfter(request, response);
  response.writeHead(statusOf(error), {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
