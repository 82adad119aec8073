import { PlimsollError, requireBytes } from '@plimsoll/memory/holders';

function optionFault(option: string, value: unknown, expected: string, remedy: string): PlimsollError {
  const shown =
    typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value as number | undefined);
  return new PlimsollError('ERR_PLIMSOLL_OPTION', `${option} is ${shown}; expected ${expected}. ${remedy}`, {
    details: { option, value },
  });
}

/** A bound in bytes, at least 1. */
export function checkBound(option: string, value: unknown): number {
  return requireBytes(option, value, 1);
}

/** A whole number of at least `min`. */
export function checkCount(option: string, value: unknown, min = 1): number {
  if (Number.isSafeInteger(value) && (value as number) >= min) return value as number;
  throw optionFault(option, value, `a whole number of at least ${min}`, 'Give a number, for example 16.');
}

/** Milliseconds of at least `min`, at most what a timer can hold. */
export function checkMs(option: string, value: unknown, min = 0): number {
  if (typeof value === 'number' && value >= min && value <= 2 ** 31 - 1) return value;
  throw optionFault(
    option,
    value,
    `milliseconds from ${min} to 2147483647`,
    'Leave the option out for no time limit.',
  );
}

/** One of `choices`. */
export function checkChoice<T extends string>(option: string, value: unknown, choices: readonly T[]): T {
  if ((choices as readonly unknown[]).includes(value)) return value as T;
  throw optionFault(option, value, `one of ${choices.join(', ')}`, 'Check the spelling.');
}

/** A function. */
export function checkFunction<T>(option: string, value: T, why: string): T {
  if (typeof value === 'function') return value;
  throw optionFault(option, typeof value, 'a function', why);
}
