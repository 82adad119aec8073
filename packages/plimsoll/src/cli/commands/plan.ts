import {
  comparedLimits,
  compareSizings,
  type HeapPlan,
  observedTerms,
  planHeap,
  type PlanHeapOptions,
  type PlatformName,
} from '@plimsoll/heap';
import { formatBytes, type PlimsollConfig, resolveConfig } from '@plimsoll/memory';
import { Option, type Command } from 'commander';
import { serviceTermsOf } from '../../service-plan.ts';
import { CommandFailure } from '../failure.ts';
import { type Observation, observe } from '../plan/observation.ts';
import { planTable } from '../plan/plan-table.ts';
import { assumedLimit, findServiceLimit, type ServiceLimit } from '../service-limit.ts';
import { userEnvironment } from '../user-environment.ts';
import { parseCount, parseSize } from './option-values.ts';

interface PlanOptions {
  readonly limit?: number;
  readonly external?: number;
  readonly workers?: number;
  readonly workerHeap?: number;
  readonly children?: number;
  readonly node?: number;
  readonly platform?: PlatformName;
  readonly observe?: string;
  readonly table?: boolean;
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
    .option('--workers <count>', 'worker threads with heaps of their own (PLIMSOLL_WORKERS)', parseCount)
    .option('--worker-heap <size>', 'old space of each worker (PLIMSOLL_WORKER_HEAP)', parseSize)
    .option('--children <count>', 'child processes with an equal share each (PLIMSOLL_CHILDREN)', parseCount)
    .option('--node <major>', 'major version of the Node.js that will run', parseCount)
    .addOption(
      new Option('--platform <name>', 'constants of this machine instead of the one here').choices([
        'x64-glibc',
        'arm64-glibc',
        'x64-musl',
        'arm64-musl',
      ]),
    )
    .option('--observe <subject>', 'plan for what was measured: a process id, an incident folder, or history')
    .option('--table', '128 MiB to 16 GiB, beside V8’s default and the 75 % rule')
    .option('--json', 'as one JSON object')
    .action((options: PlanOptions) => {
      const { config } = resolveConfig({ env: userEnvironment() });
      process.stdout.write(
        options.table === true ? tableAnswer(options, config) : planAnswer(options, config),
      );
    });
}

type Terms = Omit<PlanHeapOptions, 'limitBytes' | 'limitOrigin'>;

function statedTerms(options: PlanOptions, config: PlimsollConfig): Terms {
  const configured = serviceTermsOf(config);
  return {
    externalBytes: options.external ?? configured.externalBytes,
    workerCount: options.workers ?? configured.workerCount,
    workerOldSpaceBytes: options.workerHeap ?? configured.workerOldSpaceBytes,
    childCount: options.children ?? configured.childCount,
    ...(options.node === undefined ? {} : { nodeMajor: options.node }),
    ...(options.platform === undefined ? {} : { platform: options.platform }),
  };
}

function tableAnswer(options: PlanOptions, config: PlimsollConfig): string {
  if (options.observe !== undefined) throw new CommandFailure('--table and --observe exclude each other.');
  const limits = options.limit === undefined ? comparedLimits : [options.limit];
  const rows = limits.map((limitBytes) => compareSizings({ ...statedTerms(options, config), limitBytes }));
  return options.json === true ? `${JSON.stringify(rows, null, 2)}\n` : planTable(rows);
}

function planAnswer(options: PlanOptions, config: PlimsollConfig): string {
  const observation = options.observe === undefined ? undefined : observe(options.observe, config);
  const found = limitFor(options, config, observation);
  const stated = statedTerms(options, config);
  const measured = observation === undefined ? {} : measuredTerms(observation, options, stated);
  const plan = planHeap({
    ...stated,
    ...measured,
    limitBytes: found.limit.limitBytes,
    limitOrigin: found.origin,
  });
  if (options.json === true) return planJson(plan, found, observation, measured);
  return `${observation === undefined ? '' : observationText(observation, measured)}${planText(plan, found)}`;
}

function limitFor(options: PlanOptions, config: PlimsollConfig, observation?: Observation): ServiceLimit {
  if (options.limit !== undefined) return assumedLimit(options.limit);
  const last = observation?.ticks.toSorted((a, b) => a.atMs - b.atMs).at(-1);
  return last === undefined || observation?.isContainer !== true
    ? findServiceLimit(config)
    : assumedLimit(last.limitBytes, 'the limit that was observed');
}

/** What was measured takes the place of what was not stated; workers that are stated have a reserve of their own. */
function measuredTerms(observation: Observation, options: PlanOptions, stated: Terms): Terms {
  const { ticks, workerHeapBytes, isContainer } = observation;
  const nodeMajor = stated.nodeMajor ?? Number.parseInt(process.versions.node, 10);
  const { externalBytes, besideBytes } = observedTerms(ticks, nodeMajor);
  const unstatedBytes = (stated.workerCount ?? 0) > 0 ? 0 : workerHeapBytes;
  return {
    externalBytes: options.external ?? externalBytes + unstatedBytes,
    besideBytes: isContainer && (stated.childCount ?? 0) === 0 ? besideBytes : 0,
  };
}

function observationText(
  { of, ticks, isContainer }: Observation,
  { externalBytes = 0, besideBytes = 0 }: Terms,
): string {
  const times = ticks.map(({ atMs }) => atMs);
  const seconds = Math.round(
    (times.reduce((a, b) => Math.max(a, b), 0) - times.reduce((a, b) => Math.min(a, b))) / 1000,
  );
  const during = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  const beside = isContainer
    ? `${formatBytes(besideBytes)} by other processes of the container`
    : 'not in a container: nothing is known of what runs beside it';
  return (
    `observed ${of}: ${ticks.length} readings over ${during}\n` +
    `at most ${formatBytes(externalBytes)} outside the heap beyond the reserves (--external ${Math.ceil(externalBytes / 2 ** 20)}MiB); ${beside}\n\n`
  );
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

function planJson(
  plan: HeapPlan,
  { limit, isBounded }: ServiceLimit,
  observation: Observation | undefined,
  measured: Terms,
): string {
  const { explain: _, limitOrigin: __, workers = null, ...numbers } = plan;
  const found = { source: limit.source, origin: limit.origin, layout: limit.layout, notes: limit.notes };
  const observed =
    observation === undefined
      ? null
      : {
          of: observation.of,
          readingCount: observation.ticks.length,
          isContainer: observation.isContainer,
          ...measured,
        };
  return `${JSON.stringify({ ...numbers, workers, limit: found, isApplied: isBounded, observed }, null, 2)}\n`;
}
