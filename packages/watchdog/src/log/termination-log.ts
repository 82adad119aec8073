import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/** Where Kubernetes puts the file that becomes the container's termination message. */
const kubernetesPath = '/dev/termination-log';
/** What Kubernetes keeps of it. */
const maxMessageBytes = 4096;

/**
 * The termination message of the container: what `kubectl describe pod` shows under *Last State*. Written before the end can come, replaced as more is known, emptied when the
 * danger has passed. The file is never created: where nobody has put one, nobody reads one.
 */
export class TerminationLog {
  readonly #path: string;
  #isWritten = false;

  /** `path` null stands for the place Kubernetes uses by itself. */
  constructor(path: string | null) {
    this.#path = path ?? kubernetesPath;
  }

  /** Replaces the message. True when it stands there. Never throws. */
  write(text: string): boolean {
    const isDone = this.#replace(cutBytes(`${text}\n`, maxMessageBytes));
    this.#isWritten ||= isDone;
    return isDone;
  }

  /** Takes back what was written. Never throws. */
  clear(): void {
    if (this.#isWritten) this.#replace(Buffer.alloc(0));
    this.#isWritten = false;
  }

  #replace(bytes: Buffer): boolean {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(this.#path, constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0));
      if (!fstatSync(descriptor).isFile()) return false;
      ftruncateSync(descriptor, 0);
      if (bytes.length > 0) writeSync(descriptor, bytes, 0, bytes.length, 0);
      return true;
    } catch {
      // No such file outside Kubernetes, or not ours to write: the line on stderr says the same.
      return false;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }
}

/** The beginning of `text` that fits, cut between characters. */
function cutBytes(text: string, maxBytes: number): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return bytes;
  let end = maxBytes - 1;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return Buffer.concat([bytes.subarray(0, end), Buffer.from('\n')]);
}
