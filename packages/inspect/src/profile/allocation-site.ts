import { locateScript, type ScriptKind, type ScriptLocation } from '../source/script-location.ts';
import type { HeapProfile, HeapProfileFrame, HeapProfileNode } from './heap-profile.ts';

/** A function of the source code and the live memory it is answerable for. */
export interface AllocationSite {
  /** Name in the source; `(anonymous)` for a function without one, `(top level)` for the body of a module. */
  readonly functionName: string;
  /** Path relative to the working directory or absolute; `node:…` for Node. */
  readonly file: string;
  /** Line of the function's head, from 1; 0 where V8 knows none. */
  readonly line: number;
  /** Column of the function's head, from 1; 0 where V8 knows none. */
  readonly column: number;
  /** Sampled bytes that were allocated under this function and are still alive. */
  readonly liveBytes: number;
  /** `liveBytes` of all live bytes of the profile, 0..1. */
  readonly shareRatio: number;
  readonly kind: ScriptKind;
}

/** The sites of a profile and the bytes they were counted from. */
export interface AllocationSites {
  /** Largest first, the application's before those of packages and of Node. */
  readonly sites: readonly AllocationSite[];
  /** All live sampled bytes but those of the guard itself. */
  readonly totalBytes: number;
  /** Live bytes that the guard itself allocated. */
  readonly guardBytes: number;
}

interface Site {
  readonly frame: HeapProfileFrame;
  readonly location: ScriptLocation;
  liveBytes: number;
}

/** Who is answerable for memory allocated with a stack: the innermost function of the application on it, else of a package, else of Node. */
interface Candidates {
  application: Site | undefined;
  dependency: Site | undefined;
  node: Site | undefined;
  guard: boolean;
}

const NOBODY: Candidates = {
  application: undefined,
  dependency: undefined,
  node: undefined,
  guard: false,
};

const RANK: Readonly<Record<ScriptKind, number>> = { application: 0, dependency: 1, node: 2 };

/**
 * Sums a sampling profile by the function that is answerable. A byte counts once: for the innermost function of the application on its stack, so that memory a library
 * allocates for `addUser` is `addUser`'s; without one, for the innermost function of a package, then of Node. The guard's own memory is left out.
 */
export function findAllocationSites(profile: HeapProfile): AllocationSites {
  const sites = new Map<string, Site>();
  const locations = new Map<string, ScriptLocation>();
  let guardBytes = 0;
  let totalBytes = 0;

  const siteOf = (frame: HeapProfileFrame, location: ScriptLocation): Site => {
    const key = `${frame.scriptId}:${frame.lineNumber}:${frame.columnNumber}:${frame.functionName}`;
    let site = sites.get(key);
    if (site === undefined) sites.set(key, (site = { frame, location, liveBytes: 0 }));
    return site;
  };

  const step = (above: Candidates, frame: HeapProfileFrame): Candidates => {
    if (frame.functionName === '(root)') return above;
    let location = locations.get(frame.url);
    if (location === undefined) locations.set(frame.url, (location = locateScript(frame.url)));
    if (location.isGuard) return { ...above, guard: true };
    return { ...above, [location.kind]: siteOf(frame, location) };
  };

  const pending: [node: HeapProfileNode, above: Candidates][] = [[profile.head, NOBODY]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [node, above] = next;
    const here = step(above, node.callFrame);
    if (node.selfSize > 0) {
      const answerable = here.application ?? (here.guard ? undefined : (here.dependency ?? here.node));
      if (answerable === undefined && here.guard) guardBytes += node.selfSize;
      else totalBytes += node.selfSize;
      if (answerable !== undefined) answerable.liveBytes += node.selfSize;
    }
    for (const child of node.children) pending.push([child, here]);
  }
  const list = Array.from(sites.values(), (site) => toAllocationSite(site, totalBytes));
  const found = list.filter((site) => site.liveBytes > 0);
  found.sort((a, b) => RANK[a.kind] - RANK[b.kind] || b.liveBytes - a.liveBytes);
  return { sites: found, totalBytes, guardBytes };
}

function toAllocationSite({ frame, location, liveBytes }: Site, totalBytes: number): AllocationSite {
  const isTopLevel = frame.functionName === '' && frame.lineNumber <= 0 && frame.columnNumber <= 0;
  return {
    functionName: frame.functionName || (isTopLevel ? '(top level)' : '(anonymous)'),
    file: location.file,
    line: frame.lineNumber + 1,
    column: frame.columnNumber + 1,
    liveBytes,
    shareRatio: totalBytes > 0 ? liveBytes / totalBytes : 0,
    kind: location.kind,
  };
}
