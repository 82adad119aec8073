/** A function in the flame graph of live allocations. */
export interface FlameFrame {
  readonly functionName: string;
  /** `file:line`; empty for V8's own frames. */
  readonly place: string;
  /** Live bytes that it allocated itself. */
  readonly selfBytes: number;
  /** Live bytes that it and what it called allocated. */
  readonly totalBytes: number;
  /** What it called, largest first. */
  readonly children: readonly FlameFrame[];
}

interface RawFrame {
  readonly callFrame?: {
    readonly functionName?: string;
    readonly url?: string;
    readonly lineNumber?: number;
  };
  readonly selfSize?: number;
  readonly children?: readonly RawFrame[];
}

const maxDepth = 60;

/** Reads a sampling heap profile as V8 writes it. Undefined when it is none. */
export function readAllocationFlame(profile: unknown): FlameFrame | undefined {
  const head = (profile as { readonly head?: RawFrame } | null | undefined)?.head;
  if (head === undefined || typeof head !== 'object') return undefined;
  const root = toFrame(head, 0);
  return root.totalBytes > 0 ? root : undefined;
}

function toFrame(raw: RawFrame, depth: number): FlameFrame {
  const children = depth < maxDepth ? (raw.children ?? []).map((child) => toFrame(child, depth + 1)) : [];
  children.sort((a, b) => b.totalBytes - a.totalBytes);
  const selfBytes = raw.selfSize ?? 0;
  const url = (raw.callFrame?.url ?? '').replace(/[?#].*$/s, '').replace(/^file:\/\//, '');
  const line = (raw.callFrame?.lineNumber ?? -1) + 1;
  return {
    functionName: raw.callFrame?.functionName || '(anonymous)',
    place: url === '' ? '' : `${url}:${line}`,
    selfBytes,
    totalBytes: children.reduce((sum, child) => sum + child.totalBytes, selfBytes),
    children: children.filter((child) => child.totalBytes > 0),
  };
}
