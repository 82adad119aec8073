import { classNameOf, isWalkable, ownKeys, ownValue } from './own-values.ts';
import type { ScopeBudget } from './scope-budget.ts';

/**
 * True for a response of Node's own `fetch` whose body nobody has begun to read. What has arrived of it waits behind closures that no walk follows, so its bytes cannot be seen; that
 * it waits can. Node.js 20 and 22 keep the state of a response under a symbol, later ones in a private field, and all of them behind a proxy.
 */
export function isUnreadResponse(
  target: unknown,
  v8: Pick<ScopeBudget, 'privateFields' | 'proxyTarget'>,
): boolean {
  if (!isWalkable(target) || classNameOf(target) !== 'Response') return false;
  const kept = bySymbol(target, 'state') ?? v8.privateFields(target)['#state'];
  const state = typeof kept === 'object' && kept !== null && !isWalkable(kept) ? v8.proxyTarget(kept) : kept;
  const stream = valueIn(valueIn(state, 'body'), 'stream');
  const streamState = isWalkable(stream) ? bySymbol(stream, 'kState') : undefined;
  return valueIn(streamState, 'disturbed') === false && valueIn(streamState, 'state') === 'readable';
}

function bySymbol(target: object, description: string): unknown {
  const symbol = ownKeys(target).find((key) => typeof key === 'symbol' && key.description === description);
  return symbol === undefined ? undefined : ownValue(target, symbol);
}

function valueIn(target: unknown, key: string): unknown {
  return isWalkable(target) ? ownValue(target, key) : undefined;
}
