import { spawnSync } from 'node:child_process';
import { predictV8Heap, readUserHeapFlags, type UserHeapFlag, type V8Heap } from '@plimsoll/heap';
import { planService } from '../../service-plan.ts';
import { nodeVersionOf } from '../run/node-version.ts';
import type { ServiceLimit } from '../service-limit.ts';
import { isOurGroup, type Service } from './service.ts';

/** V8's limit for a service and who set it. */
export interface HeapInForce {
  readonly heap: V8Heap;
  readonly nodeMajor: number;
  /** The whole version: `24.21.0`. */
  readonly nodeVersion: string;
  /** In words: `V8's default`, `--max-old-space-size=300 (command line)`, `plimsoll run`. */
  readonly setBy: string;
}

/** The heap that `service` gets under `found`. Here and now it is asked of Node.js itself, so that what V8 says counts, not our model of it. */
export function findHeapInForce(
  service: Service,
  found: ServiceLimit,
  environment: NodeJS.ProcessEnv,
): HeapInForce {
  const { nodeOptions } = service;
  const nodePath = service.nodePath ?? 'node';
  const nodeVersion = nodeVersionOf(nodePath, environment);
  const nodeMajor = Number.parseInt(nodeVersion, 10);
  const flags = readUserHeapFlags({ execArgv: service.words, nodeOptions });
  const planned =
    service.isRun === true && found.isBounded && flags.all.length === 0
      ? plannedHeap(found.limit.limitBytes, nodeMajor)
      : undefined;
  if (planned !== undefined) return { heap: planned, nodeMajor, nodeVersion, setBy: 'plimsoll run' };
  const predicted = predictV8Heap({ limitBytes: found.limit.limitBytes, nodeMajor, flags });
  const isHere = found.origin !== '--limit' && (service.pid === undefined || isOurGroup(service.pid));
  const measuredBytes = isHere ? measureHeapLimit(nodePath, flags.all, environment) : undefined;
  const heap =
    measuredBytes === undefined
      ? predicted
      : {
          ...predicted,
          heapLimitBytes: measuredBytes,
          oldSpaceBytes: Math.max(0, measuredBytes - 3 * predicted.semiSpaceBytes),
        };
  const setBy = flags.all.map(({ text, setBy: where }) => `${text} (${where})`).join(' and ');
  return {
    heap,
    nodeMajor,
    nodeVersion,
    setBy: isPlanned(service) ? 'plimsoll run' : setBy === '' ? 'V8’s default' : setBy,
  };
}

/** undefined where no heap fits: `plimsoll run` refuses to start the service then, and V8's default is judged. */
function plannedHeap(limitBytes: number, nodeMajor: number): V8Heap | undefined {
  try {
    const { oldSpaceBytes, semiSpaceBytes, heapLimitBytes } = planService({ limitBytes, nodeMajor });
    return { oldSpaceBytes, semiSpaceBytes, heapLimitBytes };
  } catch {
    return undefined;
  }
}

/** True when the first words are size flags and the form of an abort, ending in our preload, as `plimsoll run` puts them. */
function isPlanned({ words }: Service): boolean {
  const end = words.findIndex((word) => /^--require=.*[\\/]preload\.cjs$/.test(word));
  return (
    end > 0 &&
    words.slice(0, end).every((word) => /^--max-(?:old|semi)-space-size=\d+$|^--no-hard-abort$/.test(word))
  );
}

function measureHeapLimit(
  nodePath: string,
  flags: readonly UserHeapFlag[],
  environment: NodeJS.ProcessEnv,
): number | undefined {
  const words = [
    ...flags.map(({ text }) => text),
    '-p',
    'require("node:v8").getHeapStatistics().heap_size_limit',
  ];
  const { stdout, status } = spawnSync(nodePath, words, {
    encoding: 'utf8',
    env: { ...environment, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 10_000,
  });
  const heapLimitBytes = Number(stdout);
  return status === 0 && heapLimitBytes > 0 ? heapLimitBytes : undefined;
}
