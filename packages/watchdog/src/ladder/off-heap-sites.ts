import {
  type AllocationProfile,
  type AllocationSite,
  findAllocationSites,
  type HeapProfileNode,
} from '@plimsoll/inspect';
import type { MemorySample } from '@plimsoll/memory';

/** Modules of Node whose objects hold memory outside the heap. */
const holders = /^node:(?:buffer|internal\/(?:buffer|blob|webstreams|crypto|zlib)|zlib|crypto)/;

/** True when more memory lies outside the heap than in it: then the bytes a profile counts are not the bytes that fill the container. */
export function isMostlyOffHeap(sample: MemorySample): boolean {
  return sample.externalBytes + sample.otherNativeBytes > sample.heapUsedBytes;
}

/**
 * The sites whose live objects hold memory outside the heap, largest first; empty when no sample says so. A profile samples only the handle in the heap, about 200
 * bytes a Buffer, never its content, so the stacks that went through Node's buffer code are counted by themselves. Once V8 has inlined that code into its caller
 * the stack no longer shows it: then nothing is known, and nothing is said.
 */
export function findHandleSites(profile: AllocationProfile): readonly AllocationSite[] {
  return findAllocationSites({ head: onlyHolders(profile.raw.head, false) }).sites;
}

/** The same tree with the bytes of every stack that did not go through a holder taken away. */
function onlyHolders(node: HeapProfileNode, isBelowHolder: boolean): HeapProfileNode {
  const isHolder = isBelowHolder || holders.test(node.callFrame.url);
  return {
    ...node,
    selfSize: isHolder ? node.selfSize : 0,
    children: node.children.map((child) => onlyHolders(child, isHolder)),
  };
}
