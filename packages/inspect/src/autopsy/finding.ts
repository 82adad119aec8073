import { resolve } from 'node:path';
import { formatBytes } from '@plimsoll/memory';
import type { AllocationSite } from '../profile/allocation-site.ts';
import { locateScript } from '../source/script-location.ts';
import { type Container, type ContainerKind, type PathStep, STORE_STEP } from './container.ts';
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
  /** Where the variable is declared with which `path` begins; the finding itself stands there, or where a property on the way is set. Absent when it cannot be told. */
  readonly variable?: DeclarationPlace;
  readonly containerKind?: ContainerKind;
  /** Its entries are responses of `fetch` whose bodies nobody reads. */
  readonly isUnread?: boolean;
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
  const { place, variable } = findPlaces(container, url, shown, texts);
  const isOfFile = container.url !== '' || place !== undefined;
  return {
    kind: 'container',
    name,
    path: printPath(container, url, texts),
    file: isOfFile ? locateScript(url).file : '',
    line: place?.line ?? 0,
    column: place?.column ?? 0,
    ...(variable === undefined ? {} : { variable }),
    containerKind: container.kind,
    ...(container.isUnread === true ? { isUnread: true } : {}),
    count: container.count,
    bytes,
    ...(growthBytes === undefined || growthCount === undefined ? {} : { growthBytes, growthCount }),
    confidence,
    source: container.source,
  };
}

/** Where the deepest name on the way is set that can be found, and where the variable is declared that the way begins with. */
function findPlaces(
  { place: ownPlace, view, steps }: Container,
  url: string,
  shown: readonly PathStep[],
  texts: SourceTexts,
): { readonly place: DeclarationPlace | undefined; readonly variable?: DeclarationPlace } {
  if (ownPlace !== undefined) return { place: ownPlace };
  const [first] = steps;
  const variable =
    view === undefined || first === undefined ? undefined : texts.variableAt(url, first.name, view);
  for (const step of shown.toReversed()) {
    const place = step === first ? undefined : texts.propertyAt(url, step.name);
    if (place !== undefined) return variable === undefined ? { place } : { place, variable };
  }
  if (variable !== undefined) return { place: variable, variable };
  return {
    place: first === undefined || !shown.includes(first) ? undefined : texts.propertyAt(url, first.name),
  };
}

const READABLE_COLUMN = 200;

/** Names Node itself gives to properties on the way. */
const NODE_NAMES = new Set([
  '_events',
  '_onTimeout',
  '_timerArgs',
  '_repeat',
  '_readableState',
  '_writableState',
  '_subscribers',
  'buffer',
  'buffered',
  'exports',
  'listener',
  'kEvents',
  STORE_STEP.name,
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
  const store = container.steps.lastIndexOf(STORE_STEP);
  let path = '';
  for (const step of container.steps.slice(Math.max(0, store))) {
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
  if (finding.kind === 'allocation-site') {
    return site === undefined
      ? `Neither a container nor a line of the program explains ${whole} (container: unknown).`
      : `No container explains ${whole} (container: unknown); ${formatBytes(site.liveBytes)} of ${isOffHeap ? 'the heap beside it' : 'it'} are live from \`${site.functionName}\` (${placeText(site)}).`;
  }
  const where = finding.file === '' ? '' : ` (${placeText(finding)})`;
  const what = `${kindWord(finding)} \`${finding.path}\`${where} holds`;
  const count = finding.count.toLocaleString('en-US');
  if (isOffHeap && finding.isUnread === true) {
    return `${what} ${count} responses of fetch whose bodies nobody reads. Each keeps its connection and what has arrived: most likely ${whole}.`;
  }
  // A memory of WebAssembly has no handle that a profile could see.
  const isWasm = finding.containerKind === 'WebAssembly memory';
  const allocated =
    site === undefined || isWasm ? '' : `; allocated in \`${site.functionName}\` (${placeText(site)})`;
  const isOneThing = isWasm || finding.containerKind === 'Buffer' || finding.containerKind === 'string';
  const amount = isOneThing
    ? formatBytes(isWasm ? finding.bytes : finding.count)
    : `${count} entries, about ${formatBytes(finding.bytes)}`;
  return `${what} ${amount} of ${whole}${allocated}.`;
}

/** The column where a line is too long to be looked through: that of a bundle. */
function placeText({ file, line, column }: Pick<Finding, 'file' | 'line' | 'column'>): string {
  if (line === 0) return file;
  return column > READABLE_COLUMN ? `${file}:${line}:${column}` : `${file}:${line}`;
}

function kindWord({ containerKind }: Finding): string {
  return containerKind === 'list'
    ? 'Linked list'
    : containerKind === 'string'
      ? 'String'
      : (containerKind ?? 'Container');
}
