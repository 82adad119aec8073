import type { MemoryLimit, PlimsollConfig } from '@plimsoll/memory';
import type { LadderTerms } from '../ladder/ladder.ts';
import type { PlannedHeap } from './guard-options.ts';

/** What the ladders of one process have in common, that of the main thread and those of its workers. */
export type CommonLadderTerms = Pick<
  LadderTerms,
  'limit' | 'cooldownMs' | 'isDry' | 'maxPauseMs' | 'snapshots' | 'autopsies'
>;

/** The terms that follow from the configuration and the limit. */
export function ladderTermsOf(
  config: PlimsollConfig,
  { limitBytes, source, origin }: MemoryLimit,
  plan: PlannedHeap | undefined,
): CommonLadderTerms {
  return {
    limit: {
      limitBytes,
      source,
      origin,
      ...(plan === undefined ? {} : { plannedOldSpaceBytes: plan.oldSpaceBytes }),
    },
    cooldownMs: config.cooldownMs,
    isDry: config.mode === 'dry-run',
    maxPauseMs: config.maxPauseMs,
    snapshots: config.snapshot === 'auto',
    autopsies: { isOn: config.autopsy === 'auto', headroomBytes: config.autopsyHeadroomBytes },
  };
}
