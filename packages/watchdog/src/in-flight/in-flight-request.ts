import { formatBytes } from '@plimsoll/memory';

/** A request the service was answering. Names from source code, counts and sizes: never its URL, a header or a body. */
export interface InFlightRequest {
  readonly method: string;
  /** The template of its route as the source code has it (`/users/:id`); null where no framework or {@link nameRoute} told. */
  readonly route: string | null;
  /** How long it has been answered for. */
  readonly ageMs: number;
  /** The length of its body as announced; null when there is none, or it was not announced. */
  readonly contentLengthBytes: number | null;
}

/** The requests in flight at one moment. */
export interface InFlightReport {
  readonly atMs: number;
  readonly count: number;
  /** At most eight of them: the largest bodies, then the oldest. */
  readonly suspects: readonly InFlightRequest[];
}

/** `POST /import, 80 MiB, for 1.2 s` */
export function requestText({ method, route, contentLengthBytes, ageMs }: InFlightRequest): string {
  const size = contentLengthBytes === null ? '' : `, ${formatBytes(contentLengthBytes)}`;
  return `${method} ${route ?? '(route unknown)'}${size}, for ${(ageMs / 1000).toFixed(1)} s`;
}

/** `3 requests are in flight, the largest POST /import, 80 MiB, for 1.2 s.` Empty when there was none. */
export function reportText({ count, suspects }: InFlightReport): string {
  const [first] = suspects;
  if (count === 0 || first === undefined) return '';
  const which = first.contentLengthBytes === null ? 'oldest' : 'largest';
  return count === 1
    ? `One request is in flight: ${requestText(first)}.`
    : `${count} requests are in flight, the ${which} ${requestText(first)}.`;
}
