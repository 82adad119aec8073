/** The version of the control channel's protocol; raised when a member changes its meaning or goes. Members and methods may be added at any time. */
export const controlProtocolVersion = 1;

/** What can be asked of a guarded process. docs/control.md says what each answers. */
export const controlMethods = [
  'sample',
  'holders',
  'plan',
  'journal',
  'explain',
  'census',
  'reclaim',
  'capture',
  'drill',
] as const;

/** One of {@link controlMethods}. */
export type ControlMethod = (typeof controlMethods)[number];

/** One line from a client. */
export interface ControlRequest {
  /** Comes back in the answer: a number, or a text of at most 64 characters. */
  readonly id: number | string;
  readonly method: ControlMethod;
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * Why a request was not carried out. `bad-request`: it is not what docs/control.md says. `busy`: too many clients, or what was asked would stop the service too
 * often. `no-room`: memory or disk has no room for it. `off`: this part of the guard does not work here. `failed`: it was tried.
 */
export type ControlErrorCode = 'bad-request' | 'busy' | 'no-room' | 'off' | 'failed';

/** A refusal on its way to the client. */
export class ControlRefusal extends Error {
  override readonly name = 'ControlRefusal';
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A request with its newline is never longer. */
export const maxRequestBytes = 4096;

const maxIdLength = 64;

/**
 * The request in `line`.
 * @throws ControlRefusal `bad-request` naming what is wrong with it.
 */
export function parseRequest(line: string): ControlRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new ControlRefusal('bad-request', 'The line is not JSON; expected {"id":1,"method":"sample"}.');
  }
  const { id, method, params = {} } = (value ?? {}) as Record<string, unknown>;
  const isId =
    (typeof id === 'number' && Number.isFinite(id)) || (typeof id === 'string' && id.length <= maxIdLength);
  if (!isId) {
    throw new ControlRefusal(
      'bad-request',
      `id is missing; expected a number or a text of at most ${maxIdLength} characters.`,
    );
  }
  const known = controlMethods.find((candidate) => candidate === method);
  if (known === undefined) {
    throw new ControlRefusal('bad-request', `Unknown method; expected one of ${controlMethods.join(', ')}.`);
  }
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    throw new ControlRefusal('bad-request', 'params is no object.');
  }
  return { id, method: known, params: params as ControlRequest['params'] };
}

/** The answer as one line. Numbers that are not finite become null. */
export function formatAnswer(id: ControlRequest['id'] | null, result: unknown): string {
  return `${JSON.stringify({ plimsoll: controlProtocolVersion, id, result })}\n`;
}

/** The refusal as one line. */
export function formatRefusal(id: ControlRequest['id'] | null, error: unknown): string {
  const code = error instanceof ControlRefusal ? error.code : 'failed';
  const message = error instanceof Error ? error.message : String(error);
  return `${JSON.stringify({ plimsoll: controlProtocolVersion, id, error: { code, message: message.slice(0, 600) } })}\n`;
}

/**
 * A number among the params: `name` within `range`, or `fallback` when it is not given.
 * @throws ControlRefusal `bad-request`.
 */
export function numberParam(
  params: ControlRequest['params'],
  name: string,
  range: readonly [min: number, max: number],
  fallback: number | undefined,
): number {
  const value = params[name] ?? fallback;
  if (typeof value === 'number' && value >= range[0] && value <= range[1]) return value;
  throw new ControlRefusal(
    'bad-request',
    `${name} is ${JSON.stringify(value) ?? 'missing'}; expected a number from ${range[0]} to ${range[1]}.`,
  );
}
