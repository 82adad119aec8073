import { PlimsollError } from '../errors.ts';

/** What a numeric option may be. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** Also `Infinity` is allowed, for *no bound*. */
  readonly unbounded?: boolean;
  /** What to do about a bad value, one sentence. */
  readonly remedy: string;
}

/** Longest a Node.js timer waits. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds that a timer can wait, or `Infinity` for *never*. */
export const durationRange: NumberRange = Object.freeze({
  min: 1,
  max: LONGEST_TIMER_MS,
  unbounded: true,
  remedy: 'Give milliseconds.',
});

/** A count of at least 1. */
export const countRange: NumberRange = Object.freeze({
  min: 1,
  max: Number.MAX_SAFE_INTEGER,
  remedy: 'Give a count.',
});

/**
 * `value`, when it is a whole number in the range.
 * @throws ERR_PLIMSOLL_OPTION naming the option, the value, the range and the remedy.
 */
export function requireCount(option: string, value: unknown, range: NumberRange): number {
  const { min, max, unbounded = false, remedy } = range;
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
    if (unbounded && value === Number.POSITIVE_INFINITY) return value;
  }
  const most = unbounded ? `${max}, or Infinity` : String(max);
  throw optionError(option, value, `a whole number from ${min} to ${most}. ${remedy}`);
}

/**
 * `value`, when it is a function.
 * @throws ERR_PLIMSOLL_OPTION naming the option and the value.
 */
export function requireFunction<F>(option: string, value: F): F {
  if (typeof value === 'function') return value;
  throw optionError(option, value, 'a function. Pass one.');
}

/**
 * `value`, when it is one of `words`.
 * @throws ERR_PLIMSOLL_OPTION naming the option, the value and the words.
 */
export function requireWord<W extends string>(option: string, value: unknown, words: readonly W[]): W {
  if (words.includes(value as W)) return value as W;
  throw optionError(option, value, `one of ${words.join(', ')}. Choose one of them.`);
}

/** `options` with the defaults where a member is missing or undefined. */
export function withDefaults<D extends object, O extends object>(defaults: D, options: O): D & O {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) } as D & O;
}

function optionError(option: string, value: unknown, expected: string): PlimsollError {
  return new PlimsollError('ERR_PLIMSOLL_OPTION', `${option} is ${describe(value)}; expected ${expected}`, {
    details: { option },
  });
}

/** A value in a few words: objects and functions by kind alone, since what they hold may be private. */
function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function') return 'a function';
  return String(value);
}
