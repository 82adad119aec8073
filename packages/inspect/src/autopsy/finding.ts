import { resolve } from 'node:path';
import { formatBytes } from '@plimsoll/memory';
import type { AllocationSite } from '../profile/allocation-site.ts';
import { locateScript } from '../source/script-location.ts';
import type { Container, ContainerKind, PathStep } from './container-walk.ts';
import type { DeclarationPlace, SourceTexts } from './source-text.ts';

/** One thing the autopsy says. Names are names of source code; keys and values are never shown. */
export interface Finding {
  /** `container`: a variable or property that holds what grew. `allocation-site`: only where it was allocated is known. */
  readonly kind: 'container' | 'allocation-site';
  /** Name of the variable or property; `unknown` for an allocation site. */
  readonly name: string;
  /** The way from the variable: `tenants[<key 1 of 50>].handlers`. */
  readonly path: string;
  /** Relative to the working directory, or absolute; empty when no script is known. */
  readonly file: string;
  /** From 1; 0 when not known. */
  readonly line: number;
  readonly column: number;
  readonly containerKind?: ContainerKind;
  /** Entries, elements or bytes of text. */
  readonly count: number;
  /** Estimated bytes held: in the heap, or beside it when that is what ran out. */
  readonly bytes: number;
  /** Entries and bytes since the census it was compared with; absent when there was none. */
  readonly growthCount?: number;
  readonly growthBytes?: number;
  /** 0..1: how much of what grew, or of the heap, this explains. */
  readonly confidence: number;
  /** How it was reached, or `profile`. */
  readonly source: Container['source'] | 'profile';
}

/** A container with what of it counts: its bytes, and their growth where there is something to compare with. */
export interface Weighed {
  readonly container: Container;
  readonly bytes: number;
  readonly growthBytes: number | undefined;
  readonly growthCount: number | undefined;
}

/** What is said when no container explains the growth: where it was allocated. */
export function siteFinding(site: AllocationSite | undefined): Finding {
  return {
    kind: 'allocation-site',
    name: 'unknown',
    path: '',
    file: site?.file ?? '',
    line: site?.line ?? 0,
    column: site?.column ?? 0,
    count: 0,
    bytes: site?.liveBytes ?? 0,
    confidence: site?.shareRatio ?? 0,
    source: 'profile',
  };
}

/** What is said of a container. Of one that no script is known for, the script of `site` may prove the names. */
export function containerFinding(
  { container, bytes, growthBytes, growthCount }: Weighed,
  confidence: number,
  texts: SourceTexts,
  site: AllocationSite | undefined,
): Finding {
  const url = container.url !== '' || site === undefined ? container.url : resolve(site.file);
  const shown = container.steps.filter((step) => isShown(step, container, url, texts));
  const name = shown.at(-1)?.name ?? 'unknown';
  const place =
    container.place ??
    shown
      .toReversed()
      .reduce<DeclarationPlace | undefined>(
        (found, step) => found ?? texts.declarationOf(url, step.name),
        undefined,
      );
  const isOfFile = container.url !== '' || place !== undefined;
  return {
    kind: 'container',
    name,
    path: printPath(container, url, texts),
    file: isOfFile ? locateScript(url).file : '',
    line: place?.line ?? 0,
    column: place?.column ?? 0,
    containerKind: container.kind,
    count: container.count,
    bytes,
    ...(growthBytes === undefined || growthCount === undefined ? {} : { growthBytes, growthCount }),
    confidence,
    source: container.source,
  };
}

/** Names Node itself gives to properties on the way. */
const NODE_NAMES = new Set([
  '_events',
  '_onTimeout',
  '_timerArgs',
  '_repeat',
  'listener',
  'kResourceStore',
  'kEvents',
  'process',
]);

/** The first step is a variable, which is source code by itself, but on the global object, where anything can be put; any other name must be found in the source. */
function isShown(step: PathStep, container: Container, url: string, texts: SourceTexts): boolean {
  if (step.isKey) return false;
  if (step === container.steps[0] && container.source !== 'global') return true;
  return NODE_NAMES.has(step.name) || texts.hasWord(url, step.name);
}

function printPath(container: Container, url: string, texts: SourceTexts): string {
  // What leads to a store of AsyncLocalStorage is whatever asynchronous thing happens to run in it.
  const store = container.steps.findLastIndex(({ name }) => name === 'kResourceStore');
  let path = store < 0 ? '' : 'AsyncLocalStorage store';
  for (const step of container.steps.slice(store < 0 ? 0 : store + 1)) {
    if (isShown(step, container, url, texts)) path += path === '' ? step.name : `.${step.name}`;
    else path += `[<key 1 of ${step.fanOutCount}>]`;
  }
  return path;
}

/** A finding as a sentence for a person. */
export function sentenceOf(
  finding: Finding,
  site: AllocationSite | undefined,
  wholeBytes: number,
  isOffHeap: boolean,
): string {
  const whole = `the ${formatBytes(wholeBytes)} ${isOffHeap ? 'outside the heap' : 'heap'}`;
  const allocated =
    site === undefined ? '' : `; allocated in \`${site.functionName}\` (${site.file}:${site.line})`;
  if (finding.kind === 'allocation-site') {
    return site === undefined
      ? `No container explains ${whole}, and no allocation profile is at hand.`
      : `No container explains ${whole} (container: unknown); ${formatBytes(site.liveBytes)} of it are live from \`${site.functionName}\` (${site.file}:${site.line}).`;
  }
  const where = finding.file === '' ? '' : ` (${finding.file}${finding.line > 0 ? `:${finding.line}` : ''})`;
  const what = `${kindWord(finding)} \`${finding.path}\`${where}`;
  const amount =
    finding.containerKind === 'Buffer' || finding.containerKind === 'string'
      ? formatBytes(finding.count)
      : `${finding.count.toLocaleString('en-US')} entries, about ${formatBytes(finding.bytes)}`;
  return `${what} holds ${amount} of ${whole}${allocated}.`;
}

function kindWord({ containerKind }: Finding): string {
  return containerKind === 'list'
    ? 'Linked list'
    : containerKind === 'string'
      ? 'String'
      : (containerKind ?? 'Container');
}
