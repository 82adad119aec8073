import { type HeapPlan, planHeap } from '@plimsoll/heap';
import { formatBytes, resolveConfig } from '@plimsoll/memory';
import type { Command } from 'commander';
import { assumedLimit, findServiceLimit, type ServiceLimit } from '../service-limit.ts';
import { userEnvironment } from '../user-environment.ts';
import { parseCount, parseSize } from './option-values.ts';

interface PlanOptions {
  readonly limit?: number;
  readonly external?: number;
  readonly workers?: number;
  readonly node?: number;
  readonly json?: boolean;
}

/** `plimsoll plan`: how the limit is spent, as a table or JSON. */
export function addPlanCommand(program: Command): void {
  program
    .command('plan')
    .summary('show how the memory limit is spent')
    .description('Shows how the memory limit is spent: what each part is for, and the flags that follow.')
    .option('--limit <size>', 'plan for this limit instead of the one in force here', parseSize)
    .option('--external <size>', 'memory for Buffers and native libraries (PLIMSOLL_EXTERNAL)', parseSize)
    .option('--workers <count>', 'worker threads with small heaps of their own', parseCount)
    .option('--node <major>', 'major version of the Node.js that will run', parseCount)
    .option('--json', 'as one JSON object')
    .action((options: PlanOptions) => {
      const { config } = resolveConfig({ env: userEnvironment() });
      const found = options.limit === undefined ? findServiceLimit(config) : assumedLimit(options.limit);
      const plan = planHeap({
        limitBytes: found.limit.limitBytes,
        limitOrigin: found.origin,
        externalBytes: options.external ?? config.externalBytes,
        workerCount: options.workers ?? 0,
        ...(options.node === undefined ? {} : { nodeMajor: options.node }),
      });
      process.stdout.write(options.json === true ? planJson(plan, found) : planText(plan, found));
    });
}

function planText(plan: HeapPlan, { limit, isBounded }: ServiceLimit): string {
  const lines = [plan.explain()];
  if (!isBounded) {
    lines.push(
      '',
      `Nothing limits a process here below the machine’s ${formatBytes(limit.limitBytes)}: \`plimsoll run\` would leave V8’s default heap as it is.`,
      'For the plan of a container, give its limit: plimsoll plan --limit 512MiB',
    );
  }
  return `${lines.join('\n')}\n`;
}

function planJson(plan: HeapPlan, { limit, isBounded }: ServiceLimit): string {
  const { explain: _, limitOrigin: __, ...numbers } = plan;
  const found = { source: limit.source, origin: limit.origin, layout: limit.layout, notes: limit.notes };
  return `${JSON.stringify({ ...numbers, limit: found, isApplied: isBounded }, null, 2)}\n`;
}
