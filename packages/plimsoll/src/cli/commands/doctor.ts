import { type HeapPlan, planHeap } from '@plimsoll/heap';
import { formatBytes, resolveConfig, resolveMemoryLimit } from '@plimsoll/memory';
import type { Command } from 'commander';
import { diagnose, type Diagnosis, severityExitCodes } from '../doctor/diagnosis.ts';
import type { Remedy } from '../doctor/remedy.ts';
import {
  runningService,
  type Service,
  serviceOfContainer,
  serviceOfFolder,
  statedService,
} from '../doctor/service.ts';
import { CommandFailure } from '../failure.ts';
import { assumedLimit, findServiceLimit } from '../service-limit.ts';
import { userEnvironment } from '../user-environment.ts';
import { parseCount, parseSize } from './option-values.ts';

interface DoctorOptions {
  readonly limit?: number;
  readonly pid?: number;
  readonly json?: boolean;
}

/** `plimsoll doctor`: how V8's limit stands to the container's, and what to paste. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .summary('judge how V8’s heap limit stands to the container’s')
    .description(
      'Judges how V8’s heap limit stands to the container’s, and says what to paste. Looks at the command given, at the running service of this container, at ' +
        'the Dockerfile or start script of this folder, in this order; and at what the machine adds: swap, huge pages, C library, incident folder, QoS class.',
    )
    .argument('[command...]', 'after --: how the service is started')
    .option('--limit <size>', 'judge as if the container had this limit', parseSize)
    .option('--pid <pid>', 'judge this running process', parseCount)
    .option('--json', 'as one JSON object')
    .addHelpText(
      'after',
      '\nExit codes: 0 it fits, 3 memory is wasted, evidence has no room or cannot be written, 4 the kernel will kill it.',
    )
    .action((words: string[], options: DoctorOptions) => {
      const own = userEnvironment();
      const service = chooseService(words, options, own);
      const environment = service.environment ?? own;
      const { config } = resolveConfig({ env: environment });
      const found =
        options.limit === undefined ? findServiceLimit(config, service.pid) : assumedLimit(options.limit);
      const diagnosis = diagnose(service, found, config, environment);
      process.stdout.write(options.json === true ? diagnosisJson(diagnosis) : diagnosisText(diagnosis));
      process.exitCode = severityExitCodes[diagnosis.severity];
    });
}

function chooseService(
  words: readonly string[],
  options: DoctorOptions,
  environment: NodeJS.ProcessEnv,
): Service {
  const nodeOptions = environment['NODE_OPTIONS'];
  if (options.pid !== undefined) {
    const service = runningService(options.pid);
    if (service === undefined) {
      throw new CommandFailure(`process ${options.pid} is no Node.js process that this user may look at.`);
    }
    return service;
  }
  if (words.length > 0) return statedService(words, nodeOptions);
  const isContainer = options.limit === undefined && resolveMemoryLimit().source.startsWith('cgroup');
  const fallback = { foundIn: 'nowhere: a bare node is judged', words: [], nodeOptions, nodePath: undefined };
  return (
    (isContainer ? serviceOfContainer() : undefined) ??
    serviceOfFolder(process.cwd(), nodeOptions) ??
    fallback
  );
}

function diagnosisText(diagnosis: Diagnosis): string {
  const { found, service, heap, assessment, remedy, sentence, severity, findings } = diagnosis;
  const lines = [
    `limit    ${formatBytes(found.limit.limitBytes)} (${found.origin})`,
    `service  ${service.foundIn}${service.words.length > 0 ? `: node ${service.words.join(' ')}` : ''}`,
    `heap     V8 may grow to ${formatBytes(heap.heap.heapLimitBytes)}, set by ${heap.setBy} (Node.js ${heap.nodeMajor})`,
    ...(assessment === undefined
      ? []
      : [
          `peak     ${formatBytes(assessment.peakBytes)} when that heap is full, ${roomText(assessment.freeBytes)}`,
        ]),
    ...(assessment?.plan === undefined ? [] : [planLine(assessment.plan, heap)]),
    ...found.limit.notes.map((note) => `note     ${note}`),
    ...findings.map((finding) => `${finding.name}: ${finding.sentence}.\n         ${finding.remedy}`),
    '',
    `${severity}: ${sentence}.`,
  ];
  if (remedy !== undefined) lines.push('', remedyText(remedy, found.limit.limitBytes));
  else if (assessment !== undefined && assessment.verdict !== 'fits') lines.push('', whyNoPlan(diagnosis));
  return `${lines.join('\n')}\n`;
}

/** What the plan would give beside what is in force. */
function planLine(plan: HeapPlan, { heap }: Diagnosis['heap']): string {
  const [planned, inForce] = [plan, heap].map(({ oldSpaceBytes }) => formatBytes(oldSpaceBytes));
  return `plan     an old space of ${planned} with a semi-space of ${formatBytes(plan.semiSpaceBytes)}; in force are ${inForce} with ${formatBytes(heap.semiSpaceBytes)}`;
}

function remedyText(remedy: Remedy, limitBytes: number): string {
  const first =
    remedy.remove.length === 0
      ? ''
      : `First take ${remedy.remove.join(' and ')} out of NODE_OPTIONS: a heap flag of yours wins over the plan.\n\n`;
  return `${first}Dockerfile, with plimsoll among the dependencies; the heap then follows any limit:
  ${remedy.dockerfile}

or in the manifest of a Deployment:
${remedy.manifest.replaceAll(/^/gm, '  ')}

or without plimsoll, for a limit of ${formatBytes(limitBytes)} only:
  ${remedy.nodeOptions}`;
}

/** The planner's own words for why no heap fits, with the limit that would do. */
function whyNoPlan({ found, heap }: Diagnosis): string {
  try {
    planHeap({ limitBytes: found.limit.limitBytes, nodeMajor: heap.nodeMajor });
    return 'A heap fits only with a smaller budget for Buffers: lower PLIMSOLL_EXTERNAL or raise the limit.';
  } catch (error) {
    return (error as Error).message;
  }
}

function diagnosisJson(diagnosis: Diagnosis): string {
  const { found, service, heap, assessment, remedy, sentence, severity, findings } = diagnosis;
  const { limitBytes, source, origin, notes } = found.limit;
  const { heap: sizes, nodeMajor, nodeVersion, setBy } = heap;
  return `${JSON.stringify(
    {
      severity,
      sentence,
      verdict: assessment?.verdict ?? 'unlimited',
      limit: { limitBytes, source, origin, notes },
      service: { foundIn: service.foundIn, words: service.words, nodeOptions: service.nodeOptions ?? null },
      heap: { ...sizes, nodeMajor, nodeVersion, setBy },
      peakBytes: assessment?.peakBytes ?? null,
      freeBytes: assessment?.freeBytes ?? null,
      plannedOldSpaceBytes: assessment?.plan?.oldSpaceBytes ?? null,
      findings,
      remedy: remedy ?? null,
    },
    null,
    2,
  )}\n`;
}

/** `180 MiB left of the limit`, `4.7 GiB more than the limit` */
function roomText(freeBytes: number): string {
  return freeBytes < 0
    ? `${formatBytes(-freeBytes)} more than the limit`
    : `${formatBytes(freeBytes)} left of the limit`;
}
