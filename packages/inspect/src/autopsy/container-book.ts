import { scriptPath } from '../source/script-location.ts';
import type { Container, PathStep } from './container.ts';
import type { Root } from './program-roots.ts';

/** Where a container was met. */
export interface Whereabouts {
  readonly root: Root;
  readonly steps: readonly PathStep[];
  /** Key of the container around it. */
  readonly container: string | undefined;
  /** For one entry of several that were sampled: how many it stands for. */
  readonly weight: number;
  /** The thing itself; undefined for a text. */
  readonly value: object | undefined;
}

/** What a container comes to. */
export type ContainerSize = Pick<Container, 'kind' | 'count' | 'heapBytes' | 'externalBytes' | 'isUnread'>;

/** The containers a walk has met. Those of like path are one: 50 tenants of 20,000 handlers each are a million handlers. */
export class ContainerBook {
  readonly #found = new Map<string, Container>();
  readonly #scriptUrl: (scriptId: string) => string;

  constructor(scriptUrl: (scriptId: string) => string) {
    this.#scriptUrl = scriptUrl;
  }

  /** Writes a container down, and returns the key of its place. */
  record(size: ContainerSize, at: Whereabouts): string {
    const { root, steps, weight, container } = at;
    const key = keyOf(root, steps);
    const before = this.#found.get(key);
    const { location } = root;
    const view = before?.view ?? root.view;
    const held = before?.held ?? (at.value === undefined ? undefined : new WeakRef(at.value));
    this.#found.set(key, {
      key,
      kind: size.kind,
      source: before?.source ?? root.source,
      url: location === undefined ? root.url : this.#scriptUrl(location.scriptId),
      steps: before?.steps ?? steps,
      count: Math.round((before?.count ?? 0) + size.count * weight),
      heapBytes: Math.round((before?.heapBytes ?? 0) + size.heapBytes * weight),
      externalBytes: Math.round((before?.externalBytes ?? 0) + size.externalBytes * weight),
      parentKey: container === key ? undefined : container,
      ...(size.isUnread === true ? { isUnread: true } : {}),
      ...(location !== undefined && steps.length === 1
        ? { place: { line: location.lineNumber + 1, column: location.columnNumber + 1 } }
        : {}),
      ...(view === undefined ? {} : { view }),
      ...(held === undefined ? {} : { held }),
    });
    return key;
  }

  /** Largest first. */
  largestFirst(): Container[] {
    return Array.from(this.#found.values()).sort(
      (a, b) => b.heapBytes + b.externalBytes - a.heapBytes - a.externalBytes,
    );
  }
}

/** Variables of one name in the scopes of several functions are several variables. */
function keyOf({ url, view }: Root, steps: readonly PathStep[]): string {
  const scope = view === undefined || view.isOutermost ? '' : `|${view.label}`;
  return `${scriptPath(url) ?? url}${scope}|${steps.map(({ name, isKey }) => (isKey ? '[*]' : name)).join('.')}`;
}
