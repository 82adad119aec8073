import { type ChildProcess, spawn } from 'node:child_process';
import { hostSource } from './host-source.ts';
import type { HostMessage, Peer, PeerEvents, PeerHeap } from './peer.ts';

const MIB = 1_048_576;
/** A child that does not end by SIGTERM ends by SIGKILL. */
const TERM_GRACE_MS = 2_000;

/** Starts the module in a child process of the same Node.js, with a heap limit of its own. */
export function startProcessPeer(url: string, heap: PeerHeap, events: PeerEvents): Peer {
  const heapMib = Math.max(1, Math.floor(heap.oldSpaceBytes / MIB));
  const child = spawn(process.execPath, [`--max-old-space-size=${heapMib}`, '-e', hostSource, url], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  let ended = false;
  const exit = (exitCode: number | null, signal: string | null, cause?: unknown): void => {
    if (ended) return;
    ended = true;
    events.onExit({ exitCode, signal, cause });
  };
  child.on('message', (message) => events.onMessage(message as HostMessage));
  child.on('exit', (exitCode, signal) => exit(exitCode, signal));
  // A child that could not be started has no exit event.
  child.on('error', (error) => exit(null, null, error));
  return {
    // The callback takes the error of a channel that is closed already: the exit event says the rest.
    send: (message) => void child.send(message, () => {}),
    hold: (holds) => hold(child, holds),
    end: () => endChild(child),
  };
}

function hold(child: ChildProcess, holds: boolean): void {
  if (holds) {
    child.ref();
    child.channel?.ref();
  } else {
    child.unref();
    child.channel?.unref();
  }
}

function endChild(child: ChildProcess): void {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), TERM_GRACE_MS);
  timer.unref();
  child.once('exit', () => clearTimeout(timer));
}
