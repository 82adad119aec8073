import { PlimsollError } from '@plimsoll/memory';

/** Longest a Node.js timer waits. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * `value`, when it is a whole number of milliseconds from 1, or Infinity for *never*.
 * @throws ERR_PLIMSOLL_OPTION naming the option and the value.
 */
export function requireDurationMs(option: string, value: unknown): number {
  const finite = Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= LONGEST_TIMER_MS;
  if (finite || value === Number.POSITIVE_INFINITY) return Number(value);
  throw optionError(option, value, `whole milliseconds from 1 to ${LONGEST_TIMER_MS}, or Infinity`);
}

/**
 * `value`, when it is a whole number of at least 1.
 * @throws ERR_PLIMSOLL_OPTION naming the option and the value.
 */
export function requirePositiveCount(option: string, value: unknown): number {
  if (Number.isSafeInteger(value) && Number(value) >= 1) return Number(value);
  throw optionError(option, value, 'a whole number of at least 1');
}

/**
 * `value`, when it is a function.
 * @throws ERR_PLIMSOLL_OPTION naming the option and the value.
 */
export function requireLoader<F>(option: string, value: F): F {
  if (typeof value === 'function') return value;
  throw optionError(option, value, 'a function');
}

/** `options` with the defaults where a member is missing or undefined. */
export function withDefaults<D extends object, O extends object>(defaults: D, options: O): D & O {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) } as D & O;
}

function optionError(option: string, value: unknown, expected: string): PlimsollError {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value);
  return new PlimsollError('ERR_PLIMSOLL_OPTION', `${option} is ${shown}; expected ${expected}.`, {
    details: { option },
  });
}
