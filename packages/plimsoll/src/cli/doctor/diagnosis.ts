import { assessHeap, type HeapAssessment } from '@plimsoll/heap';
import { formatBytes, type PlimsollConfig } from '@plimsoll/memory';
import { defaultIncidentDir } from '@plimsoll/watchdog';
import type { ServiceLimit } from '../service-limit.ts';
import { serviceTermsOf } from '../../service-plan.ts';
import { findHeapInForce, type HeapInForce } from './heap-in-force.ts';
import { findOnMachine, type MachineFinding } from './machine-findings.ts';
import { remedyFor, type Remedy } from './remedy.ts';
import type { Service } from './service.ts';

/** How bad it is, mildest first. */
export type Severity = 'good' | 'advice' | 'danger';

/** Exit code of `plimsoll doctor` by severity. 1 and 2 are taken: a fault of the command, a bad option. */
export const severityExitCodes: Readonly<Record<Severity, number>> = { good: 0, advice: 3, danger: 4 };

/** Everything `plimsoll doctor` found. */
export interface Diagnosis {
  readonly severity: Severity;
  /** The verdict in one sentence. */
  readonly sentence: string;
  readonly found: ServiceLimit;
  readonly service: Service;
  readonly heap: HeapInForce;
  /** undefined where nothing limits the process below the machine. */
  readonly assessment: HeapAssessment | undefined;
  /** What the machine, the container and the environment add; empty where another container is judged than the one here. */
  readonly findings: readonly MachineFinding[];
  /** undefined where there is nothing to mend, or nothing that would. */
  readonly remedy: Remedy | undefined;
}

/** Judges how `service` stands under the limit that was found. */
export function diagnose(
  service: Service,
  found: ServiceLimit,
  config: PlimsollConfig,
  environment: NodeJS.ProcessEnv,
): Diagnosis {
  const heap = findHeapInForce(service, found, environment);
  const findings = found.origin === '--limit' ? [] : findHere(service, heap.nodeVersion, config, environment);
  const common = { found, service, heap, findings };
  const { limitBytes } = found.limit;
  if (!found.isBounded) {
    const sentence =
      `nothing limits this process below the machine’s ${formatBytes(limitBytes)}, and V8 may grow to ` +
      `${formatBytes(heap.heap.heapLimitBytes)}: run the doctor in the container, or give its limit with --limit`;
    return {
      ...common,
      severity: worstOf(findings, 'good'),
      sentence,
      assessment: undefined,
      remedy: undefined,
    };
  }
  const { nodeMajor } = heap;
  const assessment = assessHeap({
    limitBytes,
    heap: heap.heap,
    nodeMajor,
    ...serviceTermsOf(config),
  });
  const severity = worstOf(findings, severityOf(assessment));
  const { plan } = assessment;
  const remedy = assessment.verdict === 'fits' || plan === undefined ? undefined : remedyFor(service, plan);
  return { ...common, severity, sentence: assessment.sentence, assessment, remedy };
}

function findHere(
  { pid }: Service,
  nodeVersion: string,
  { incidentDir }: PlimsollConfig,
  environment: NodeJS.ProcessEnv,
): MachineFinding[] {
  return findOnMachine({
    pid: pid ?? 'self',
    nodeVersion,
    environment,
    incidentDir: incidentDir ?? defaultIncidentDir(),
  });
}

function worstOf(findings: readonly MachineFinding[], severity: Severity): Severity {
  const rank: readonly Severity[] = ['good', 'advice', 'danger'];
  const worst = Math.max(
    rank.indexOf(severity),
    ...findings.map((finding) => rank.indexOf(finding.severity)),
  );
  return rank[worst] ?? severity;
}

function severityOf({ verdict }: HeapAssessment): Severity {
  if (verdict === 'killed') return 'danger';
  return verdict === 'fits' ? 'good' : 'advice';
}
