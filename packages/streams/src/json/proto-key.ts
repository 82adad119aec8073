import { checkChoice } from '../option-check.ts';

/** What happens to an object key `__proto__`. */
export interface ProtoKeyOptions {
  /**
   * `keep`: an own property like any other, as `JSON.parse` makes it (merging such an object into another may still change a prototype). `reject`: the
   * line or element is refused.
   * @default 'keep'
   */
  readonly protoKeys?: 'keep' | 'reject' | undefined;
}

/** True when keys must be looked at. @throws ERR_PLIMSOLL_OPTION. */
export function checkProtoKeys(options: ProtoKeyOptions): boolean {
  return checkChoice('protoKeys', options.protoKeys ?? 'keep', ['keep', 'reject'] as const) === 'reject';
}

/** False when no key of the JSON text can be `__proto__`, also not written with escapes. */
export function mayHoldProtoKey(text: string): boolean {
  return text.includes('__proto__') || text.includes('\\u');
}

/** True when any object in `value` has an own key `__proto__`. Walks without recursion, so that depth cannot overflow the stack. */
export function hasProtoKey(value: unknown): boolean {
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (Array.isArray(next)) {
      for (const item of next) waiting.push(item);
      continue;
    }
    if (Object.hasOwn(next, '__proto__')) return true;
    for (const item of Object.values(next)) waiting.push(item);
  }
  return false;
}
