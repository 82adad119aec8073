import type { Inspector } from '../inspector/inspector.ts';

const key = 'plimsoll.unpaused';
const expression = `globalThis[Symbol.for('${key}')]()`;

/**
 * Runs `work` in this very call, and V8 drops its pause at the heap limit where that would fall into it; who runs it asks afterwards whether the limit was met.
 *
 * V8 describes every frame before it tells of the pause. It pauses at the first stack check after the collection that found no room, often the entry of the next function, and where
 * that function keeps variables for its closures their context is not made yet: a check of V8's own fails then (`ScopeIterator::NeedsContext`) and ends the process by SIGTRAP.
 * `disableBreaks` of `Runtime.evaluate` is the one way to have code run that V8 does not pause in.
 */
export function runUnpaused<Result>(inspector: Inspector, work: () => Result): Result {
  let end: { readonly result: Result } | { readonly error: unknown } | undefined;
  const value = (): void => {
    try {
      end = { result: work() };
    } catch (error) {
      end = { error };
    }
  };
  const symbol = Symbol.for(key);
  // A frozen global object takes no function.
  if (!Reflect.defineProperty(globalThis, symbol, { configurable: true, value })) return work();
  inspector.tryAsk('Runtime.evaluate', { expression, disableBreaks: true, silent: true });
  Reflect.deleteProperty(globalThis, symbol);
  if (end === undefined) return work();
  if ('error' in end) throw end.error;
  return end.result;
}
