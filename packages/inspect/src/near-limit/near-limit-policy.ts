import { journal, processWide } from '@plimsoll/memory';
import type { PausedFrame } from './paused-frame.ts';

/** What a policy knows when V8 has reached its heap limit. The service stands still; everything that is asked of the policy is synchronous and must be small. */
export interface NearLimitContext {
  /** V8's heap limit as it was before this moment. */
  readonly heapLimitBytes: number;
  readonly heapUsedBytes: number;
  /** What V8's limit becomes when the heap is let grow: the heap grows in steps of a quarter, and each asks again. */
  readonly nextHeapLimitBytes: number;
  /** Where the service was when it met the limit, innermost first. */
  readonly frames: readonly PausedFrame[];
  /** False when going on could hang the process, and where V8 grows no further: then `growToBytes` is taken as no decision. */
  readonly canGrow: boolean;
}

/** What to do at the limit: end with a code, or let the heap grow by one step, to so many bytes at most. */
export type NearLimitDecision = { readonly exit: number } | { readonly growToBytes: number };

/** Decides, or leaves the decision to the next policy. A throw is journalled and counts as no decision. */
export type NearLimitPolicy = (context: NearLimitContext) => NearLimitDecision | undefined;

function policies(): Set<NearLimitPolicy> {
  return processWide('near-limit-policies', () => new Set<NearLimitPolicy>());
}

/** Adds a policy; the first that decides wins, in the order they were added. Removed when the result is disposed. */
export function onNearLimit(policy: NearLimitPolicy): Disposable {
  const all = policies();
  all.add(policy);
  return { [Symbol.dispose]: () => void all.delete(policy) };
}

/** What the policies decide; undefined when none does. Never throws. */
export function decideAtLimit(context: NearLimitContext): NearLimitDecision | undefined {
  for (const policy of policies()) {
    try {
      const decision = policy(context);
      if (decision === undefined) continue;
      if (
        'growToBytes' in decision &&
        (!context.canGrow || !(decision.growToBytes >= context.nextHeapLimitBytes))
      ) {
        journal().write('inspect', 'growth-refused', {
          growToBytes: decision.growToBytes,
          nextHeapLimitBytes: context.nextHeapLimitBytes,
          canGrow: context.canGrow,
        });
        continue;
      }
      return decision;
    } catch (error) {
      journal().write('inspect', 'policy-threw', { error: error instanceof Error ? error.name : 'unknown' });
    }
  }
  return undefined;
}
