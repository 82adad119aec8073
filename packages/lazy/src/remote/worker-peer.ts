import { Worker } from 'node:worker_threads';
import { hostSource } from './host-source.ts';
import type { HostMessage, Peer, PeerEvents, PeerHeap } from './peer.ts';

const MIB = 1_048_576;

/** Starts the module in a worker thread. */
export function startWorkerPeer(url: string, heap: PeerHeap, events: PeerEvents): Peer {
  const { oldSpaceBytes, youngSpaceBytes } = heap;
  const worker = new Worker(hostSource, {
    eval: true,
    workerData: { url },
    resourceLimits: {
      maxOldGenerationSizeMb: Math.max(1, Math.floor(oldSpaceBytes / MIB)),
      ...(youngSpaceBytes === undefined
        ? {}
        : { maxYoungGenerationSizeMb: Math.max(1, Math.floor(youngSpaceBytes / MIB)) }),
    },
  });
  let cause: unknown;
  worker.on('message', (message: HostMessage) => events.onMessage(message));
  worker.on('error', (error) => {
    cause = error;
  });
  worker.on('exit', (exitCode) => events.onExit({ exitCode, signal: null, cause }));
  return {
    send: (message, transfer) => worker.postMessage(message, transfer),
    hold: (holds) => (holds ? worker.ref() : worker.unref()),
    // Resolves with the exit code, which the exit event brings as well.
    end: () => void worker.terminate(),
  };
}
