import { mib, PlimsollError, requireBytes } from '@plimsoll/memory';
import type { PlanHeapOptions } from './heap-plan.ts';
import { platformHere, platforms } from './platform.ts';
import {
  DEFAULT_WORKER_OLD_SPACE_BYTES,
  type FullPlanOptions,
  ownLimitBytes,
  semiSpaceBytesFor,
} from './reserves.ts';

/**
 * `options` with every default filled in.
 * @throws ERR_PLIMSOLL_OPTION naming the option that is no size, no count or no platform.
 */
export function fullPlanOptions(options: PlanHeapOptions): FullPlanOptions {
  const limitBytes = requireBytes('limitBytes', options?.limitBytes, 1);
  const platform = options.platform ?? platformHere();
  if (!Object.hasOwn(platforms, platform)) {
    throw new PlimsollError(
      'ERR_PLIMSOLL_OPTION',
      `platform is ${String(platform)}; expected one of ${Object.keys(platforms).join(', ')}.`,
      { details: { option: 'platform', value: platform } },
    );
  }
  const full: FullPlanOptions = {
    limitBytes,
    workerCount: requireCount('workerCount', options.workerCount ?? 0, 'worker threads'),
    childCount: requireCount('childCount', options.childCount ?? 0, 'child processes'),
    semiSpaceBytes: 0,
    externalBytes: requireBytes('externalBytes', options.externalBytes ?? 0),
    workerOldSpaceBytes: requireBytes(
      'workerOldSpaceBytes',
      options.workerOldSpaceBytes ?? DEFAULT_WORKER_OLD_SPACE_BYTES,
      mib(1),
    ),
    besideBytes: requireBytes('besideBytes', options.besideBytes ?? 0),
    nodeMajor: options.nodeMajor ?? Number.parseInt(process.versions.node, 10),
    platform,
  };
  const semiSpaceBytes =
    options.semiSpaceBytes === undefined
      ? semiSpaceBytesFor(ownLimitBytes(full))
      : requireBytes('semiSpaceBytes', options.semiSpaceBytes, mib(1));
  return { ...full, semiSpaceBytes };
}

function requireCount(option: 'workerCount' | 'childCount', count: number, noun: string): number {
  if (Number.isInteger(count) && count >= 0) return count;
  throw new PlimsollError(
    'ERR_PLIMSOLL_OPTION',
    `${option} is ${String(count)}; expected a whole number of ${noun}, 0 or more.`,
    { details: { option, value: count } },
  );
}
