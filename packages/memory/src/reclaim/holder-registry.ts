import { PlimsollError } from '../errors.ts';
import { journal } from '../journal/journal.ts';
import { processWide } from '../registry.ts';
import type {
  HolderReclaim,
  HolderStatus,
  MemoryHolder,
  ReclaimResult,
  RegisterHolderOptions,
} from './holder.ts';

interface Registration {
  deref(): MemoryHolder | undefined;
}

interface Registrations {
  readonly all: Set<Registration>;
  /** Bytes all holders together may keep; undefined = no budget set. */
  budgetBytes: number | undefined;
  reclaiming: boolean;
}

function registrations(): Registrations {
  return processWide('holders', () => ({
    all: new Set<Registration>(),
    budgetBytes: undefined,
    reclaiming: false,
  }));
}

/**
 * Makes `holder` part of the process's budget: it is counted, listed, and asked for memory under pressure, until the result is disposed (or, with
 * `{ weak: true }`, until the holder is collected).
 * @throws ERR_PLIMSOLL_OPTION when a member is missing or of another type.
 */
export function registerHolder(holder: MemoryHolder, options: RegisterHolderOptions = {}): Disposable {
  if (
    typeof holder?.name !== 'string' ||
    typeof holder.bytes !== 'function' ||
    typeof holder.reclaim !== 'function'
  ) {
    throw new PlimsollError(
      'ERR_PLIMSOLL_OPTION',
      'A holder needs { name: string, bytes(): number, reclaim(targetBytes): number }; at least one of them is missing.',
    );
  }
  const registration: Registration = options.weak === true ? new WeakRef(holder) : { deref: () => holder };
  const { all } = registrations();
  all.add(registration);
  return { [Symbol.dispose]: () => void all.delete(registration) };
}

/** Bytes of `holder`, 0 when it throws or answers nonsense. */
function bytesOf(holder: MemoryHolder): number {
  try {
    const bytes = holder.bytes();
    return Number.isFinite(bytes) && bytes > 0 ? bytes : 0;
  } catch {
    return 0;
  }
}

function costOf(holder: MemoryHolder): number {
  try {
    const cost = typeof holder.cost === 'function' ? holder.cost() : holder.cost;
    return typeof cost === 'number' && cost >= 0 ? cost : 1;
  } catch {
    return 1;
  }
}

function* living(): Generator<MemoryHolder> {
  const { all } = registrations();
  for (const registration of all) {
    const holder = registration.deref();
    if (holder === undefined) all.delete(registration);
    else yield holder;
  }
}

/** Every holder with its bytes and cost, largest first. */
export function listHolders(): HolderStatus[] {
  const list = Array.from(living(), (holder) => ({
    name: holder.name,
    bytes: bytesOf(holder),
    cost: costOf(holder),
  }));
  return list.sort((a, b) => b.bytes - a.bytes);
}

/** Bytes of all holders together. Allocates nothing per holder. */
export function heldBytes(): number {
  let sum = 0;
  for (const holder of living()) sum += bytesOf(holder);
  return sum;
}

/** Sets how many bytes all holders together may keep; undefined takes the budget away. Enforced at the next tick or {@link enforceHolderBudget}. */
export function setHolderBudget(budgetBytes: number | undefined): void {
  registrations().budgetBytes = budgetBytes;
}

/** The budget of all holders together, if one is set. */
export function holderBudgetBytes(): number | undefined {
  return registrations().budgetBytes;
}

/** Asks for what the holders keep above their common budget; undefined when they are within it. */
export function enforceHolderBudget(): ReclaimResult | undefined {
  const budgetBytes = registrations().budgetBytes;
  if (budgetBytes === undefined) return undefined;
  const excessBytes = heldBytes() - budgetBytes;
  return excessBytes > 0 ? reclaim(excessBytes, 'budget') : undefined;
}

/**
 * Asks the holders for `targetBytes`, the cheapest bytes first, one holder at a time, until the target is met or nobody has more. Synchronous; never throws;
 * what was asked and what came back is journalled. A call from inside a holder's own `reclaim` is answered with nothing.
 */
export function reclaim(targetBytes: number, reason = 'call'): ReclaimResult {
  const state = registrations();
  const holders: HolderReclaim[] = [];
  if (state.reclaiming || !(targetBytes > 0)) return { targetBytes, returnedBytes: 0, holders };
  state.reclaiming = true;
  let returnedBytes = 0;
  try {
    const candidates = Array.from(living(), (holder) => ({
      holder,
      bytes: bytesOf(holder),
      cost: costOf(holder),
    }));
    candidates.sort((a, b) => a.cost - b.cost || b.bytes - a.bytes);
    for (const { holder, bytes, cost } of candidates) {
      if (returnedBytes >= targetBytes) break;
      if (bytes === 0) continue;
      const outcome = askHolder(holder, cost, bytes, Math.min(bytes, targetBytes - returnedBytes));
      holders.push(outcome);
      returnedBytes += outcome.measuredBytes;
    }
  } finally {
    state.reclaiming = false;
  }
  journal().write('reclaim', 'reclaimed', { reason, targetBytes, returnedBytes, holders: holders.length });
  return { targetBytes, returnedBytes, holders };
}

function askHolder(
  holder: MemoryHolder,
  cost: number,
  beforeBytes: number,
  askedBytes: number,
): HolderReclaim {
  const { name } = holder;
  try {
    const answer = holder.reclaim(askedBytes);
    const returnedBytes = Number.isFinite(answer) && answer > 0 ? answer : 0;
    return {
      name,
      cost,
      askedBytes,
      returnedBytes,
      measuredBytes: Math.max(0, beforeBytes - bytesOf(holder)),
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    journal().write('reclaim', 'holder-threw', { name, askedBytes });
    return {
      name,
      cost,
      askedBytes,
      returnedBytes: 0,
      measuredBytes: Math.max(0, beforeBytes - bytesOf(holder)),
      error: message,
    };
  }
}
