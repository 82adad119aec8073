/**
 * One place per process for what must exist once: two copies of this package (two versions in one tree, a bundle beside a package, a preload beside an
 * import) share it through a registered symbol. Slots are created by whoever comes first; their shape only ever grows.
 */
const SLOTS = Symbol.for('plimsoll');

type Slots = Map<string, unknown>;

function slots(): Slots {
  const holder = globalThis as { [SLOTS]?: Slots };
  let found = holder[SLOTS];
  if (found === undefined) {
    found = new Map();
    Object.defineProperty(globalThis, SLOTS, { value: found, enumerable: false, configurable: true });
  }
  return found;
}

/** The process-wide value of `slot`, made by `create` when nobody has made it yet. */
export function processWide<T>(slot: string, create: () => T): T {
  const all = slots();
  if (!all.has(slot)) all.set(slot, create());
  return all.get(slot) as T;
}

/** The process-wide value of `slot` if somebody has made it. */
export function peekProcessWide<T>(slot: string): T | undefined {
  return slots().get(slot) as T | undefined;
}

/** Forgets `slot`; used when the thing in it ends (a guard that stops). */
export function forgetProcessWide(slot: string): void {
  slots().delete(slot);
}
