import { mib } from '@plimsoll/memory';
import type { HeapPlan } from './heap-plan.ts';
import { platforms } from './platform.ts';

function inMib(bytes: number): string {
  return (bytes / mib(1)).toFixed(1);
}

/** The plan as a table: one row per part of the limit in MiB with its reason, then what V8 is told. */
export function explainPlan(plan: Omit<HeapPlan, 'explain'>): string {
  const rows: (readonly [name: string, mebibytes: string, reason: string])[] = [
    ['limit', inMib(plan.limitBytes), plan.limitOrigin ?? 'as given'],
    ...plan.reserves.map(({ name, bytes, reason }) => [name, inMib(-bytes), reason] as const),
    ['old space', inMib(plan.oldSpaceBytes), 'what is left: the objects of the service'],
  ];
  const nameWidth = Math.max(...rows.map(([name]) => name.length));
  const numberWidth = Math.max(...rows.map(([, mebibytes]) => mebibytes.length));
  const lines = rows.map(
    ([name, mebibytes, reason]) =>
      `${name.padEnd(nameWidth)}  ${mebibytes.padStart(numberWidth)} MiB  ${reason}`,
  );
  const flagLines = [
    '',
    `flags  ${plan.flags.join(' ')}`,
    `V8 will report a heap limit of ${inMib(plan.heapLimitBytes)} MiB (old space and three semi-spaces).`,
    ...workerLines(plan),
    platformLine(plan.platform),
  ];
  return [...lines, ...flagLines].join('\n');
}

function workerLines({ workers }: Omit<HeapPlan, 'explain'>): string[] {
  if (workers === undefined) return [];
  const oldText = `maxOldGenerationSizeMb ${workers.oldSpaceBytes / mib(1)}`;
  const youngText = `maxYoungGenerationSizeMb ${(3 * workers.semiSpaceBytes) / mib(1)}`;
  return [
    `Each worker needs resourceLimits with ${oldText} and ${youngText}: sizeWorker(plan) returns them.`,
  ];
}

function platformLine(name: HeapPlan['platform']): string {
  return platforms[name].isMeasured
    ? `Constants of ${name}, measured.`
    : `Constants of ${name}: not measured there, those of x64-glibc are used.`;
}
