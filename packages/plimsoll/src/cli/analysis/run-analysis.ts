import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readMemory } from '@plimsoll/memory';

import { userEnvironment } from '../user-environment.ts';
import type { AnalysisTask } from './task.ts';

const mibBytes = 2 ** 20;
/** The graph lies outside the heap; inside are answers, sets of ids and names. */
const heap = { leastMib: 256, mostMib: 8192, perFileByte: 1 / 4 } as const;

/** What is free for an analysis: the headroom of the container this command runs in. */
export function freeMemoryBytes(): number {
  return Math.max(0, readMemory().headroomBytes);
}

/**
 * Runs a task in a process of its own with its own heap limit, so that a large snapshot never meets this command's limit, nor a
 * preload that was meant for a service. Its exit code becomes ours.
 */
export async function runAnalysis(task: AnalysisTask, inputs: readonly string[]): Promise<void> {
  const script = fileURLToPath(new URL('analysis-process.js', import.meta.url));
  const args = [`--max-old-space-size=${heapLimitMib(inputs)}`, script, JSON.stringify(task)];
  const { NODE_OPTIONS: _, ...environment } = userEnvironment();
  const child = spawn(process.execPath, args, { stdio: 'inherit', env: environment });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, signal) => resolve(signal === null ? (exitCode ?? 1) : 128));
  });
  if (code !== 0) process.exitCode = code;
}

function heapLimitMib(inputs: readonly string[]): number {
  let fileBytes = 0;
  for (const input of inputs) {
    const sizeBytes = statSync(input, { throwIfNoEntry: false })?.size ?? 0;
    fileBytes += input.endsWith('.gz') ? sizeBytes * 8 : sizeBytes;
  }
  const wanted = heap.leastMib + Math.ceil((fileBytes * heap.perFileByte) / mibBytes);
  return Math.min(heap.mostMib, Math.max(heap.leastMib * 2, wanted));
}
