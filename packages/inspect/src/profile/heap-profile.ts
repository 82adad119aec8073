import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { scriptPath } from '../source/script-location.ts';

/** A function on an allocation stack, as V8 writes it. Lines and columns count from 0 and are those of the function's head. */
export interface HeapProfileFrame {
  readonly functionName: string;
  readonly scriptId: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** A stack in V8's sampling heap profile: the frame, and the live bytes allocated with exactly this stack. */
export interface HeapProfileNode {
  readonly callFrame: HeapProfileFrame;
  readonly selfSize: number;
  readonly id: number;
  readonly children: readonly HeapProfileNode[];
}

/** One live sample: the bytes it stands for and the stack it was allocated with. */
export interface HeapProfileSample {
  readonly size: number;
  readonly nodeId: number;
  readonly ordinal: number;
}

/** V8's sampling heap profile. As JSON it is a `.heapprofile` that the Memory panel of Chrome DevTools opens. */
export interface HeapProfile {
  readonly head: HeapProfileNode;
  readonly samples?: readonly HeapProfileSample[];
}

/** What a file may say of a script: paths of source code; of any other URL the scheme alone. */
function safeUrl(url: string): string {
  if (url === '' || url.startsWith('node:')) return url;
  const path = scriptPath(url);
  if (path !== undefined) return url.startsWith('file:') ? url.replace(/[?#].*$/s, '') : path;
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0] ?? '';
  return scheme.startsWith('webpack') || scheme.startsWith('vite') ? url.replace(/[?#].*$/s, '') : scheme;
}

/** The same profile without queries, credentials and inline sources in its URLs. */
export function withoutSecrets(profile: HeapProfile): HeapProfile {
  const clean = (node: HeapProfileNode): HeapProfileNode => {
    const url = safeUrl(node.callFrame.url);
    const callFrame = url === node.callFrame.url ? node.callFrame : { ...node.callFrame, url };
    return { ...node, callFrame, children: node.children.map(clean) };
  };
  return { ...profile, head: clean(profile.head) };
}

/**
 * Writes `profile` to `path`, which must not exist yet, readable for the owner alone. Synchronous; a file that could not be written whole is removed.
 * @returns The bytes written.
 * @throws The error of the file system.
 */
export function writeHeapProfile(path: string, profile: HeapProfile): number {
  const bytes = Buffer.from(JSON.stringify(profile));
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(descriptor, bytes);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(descriptor);
  }
  return bytes.length;
}
