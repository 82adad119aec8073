import { gzipSync } from 'node:zlib';
import { type HeapProfile, type HeapProfileNode, isPeerInstalled, requirePeer } from '@plimsoll/inspect';
import { journal, mib, type MemorySample } from '@plimsoll/memory';

const packageName = '@datadog/pprof';
/**
 * The two parts of it that turn a tree into bytes. The whole of it would load its native half (73 ms, 11 MiB), beside which the hook at V8's limit has to stand down: a process may
 * not lose its last words for a second format.
 */
const serializerName = `${packageName}/out/src/profile-serializer.js`;
const encoderName = `${packageName}/out/src/profile-encoder.js`;
/** Loading them takes 50 ms and 3 MiB, so much more must be free: in the container, and in V8's heap. */
const leastHeadroomBytes: number = mib(32);
/** What the file says one sample stands for on average; V8 has scaled the bytes already. */
const intervalBytes = 256 * 1024;
const leastHeapBytes: number = mib(16);

interface Serializer {
  serializeHeapProfile(root: PprofNode, startTimeNanos: number, intervalBytes: number): unknown;
}

interface Encoder {
  encodeSync(profile: unknown): Uint8Array;
}

/** A stack as the package takes it: lines and columns count from 1. */
interface PprofNode {
  readonly name: string;
  readonly scriptName: string;
  readonly scriptId: number;
  readonly lineNumber: number;
  readonly columnNumber: number;
  readonly allocations: readonly { readonly sizeBytes: number; readonly count: number }[];
  readonly children: readonly PprofNode[];
}

/** Turns allocation profiles into gzipped pprof files, with the package `@datadog/pprof` where a service has it. Its native half is never loaded. */
export class PprofEncoder {
  #serializer: Serializer | undefined;
  #encoder: Encoder | undefined;
  #isOff = false;

  /** True when the package is there; it is loaded with the first profile. */
  static get isInstalled(): boolean {
    return isPeerInstalled(serializerName);
  }

  /** The file's bytes; undefined while there is no room to load the package, or for good when it cannot be loaded. Never throws. */
  encode(profile: HeapProfile, sample: MemorySample): Uint8Array | undefined {
    if (this.#isOff) return undefined;
    const heapLeftBytes = sample.heapLimitBytes - sample.heapUsedBytes;
    const hasRoom = sample.headroomBytes >= leastHeadroomBytes && heapLeftBytes >= leastHeapBytes;
    if (this.#encoder === undefined && !hasRoom) return undefined;
    try {
      this.#serializer ??= requirePeer(serializerName) as Serializer;
      this.#encoder ??= requirePeer(encoderName) as Encoder;
      const root = pprofNode(profile.head, countSamples(profile));
      const nowNanos = Date.now() * 1e6;
      const bytes = this.#encoder.encodeSync(
        this.#serializer.serializeHeapProfile(root, nowNanos, intervalBytes),
      );
      return isGzipped(bytes) ? bytes : gzipSync(bytes);
    } catch (error) {
      this.#isOff = true;
      const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
      journal().write('capture', 'pprof-off', { reason: reason ?? null });
      return undefined;
    }
  }
}

/** How many samples ended on each stack. */
function countSamples({ samples = [] }: HeapProfile): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { nodeId } of samples) counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
  return counts;
}

function pprofNode(node: HeapProfileNode, counts: ReadonlyMap<number, number>): PprofNode {
  const { functionName, url, scriptId, lineNumber, columnNumber } = node.callFrame;
  const count = counts.get(node.id) ?? 1;
  return {
    name: functionName || '(anonymous)',
    scriptName: url.replace(/^file:\/\//, ''),
    scriptId: Number(scriptId),
    lineNumber: lineNumber + 1,
    columnNumber: columnNumber + 1,
    allocations: node.selfSize > 0 ? [{ sizeBytes: node.selfSize / count, count }] : [],
    children: node.children.map((child) => pprofNode(child, counts)),
  };
}

function isGzipped(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
