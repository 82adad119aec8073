import { chmodSync } from 'node:fs';
import { isPeerInstalled, requirePeer, type SnapshotFileWriter } from '@plimsoll/inspect';
import { PlimsollError, processEnvironment } from '@plimsoll/memory';

const packageName = 'heapdump';

/** What is used of the package. */
interface Heapdump {
  /** False when it failed; the callback is called before it returns. */
  writeSnapshot(path: string, done: (error: Error | null) => void): boolean;
}

/** True when the package heapdump is installed. */
export function isHeapdumpInstalled(): boolean {
  return isPeerInstalled(packageName);
}

/**
 * Writes snapshots through the package `heapdump`, for a service that has to: it needs a compiler at its installation, makes files that everybody may read, and takes SIGUSR2. The
 * files are made 0600, and the signal is left alone.
 */
export function heapdumpWriter(): SnapshotFileWriter {
  let heapdump: Heapdump | undefined;
  return (path) => {
    heapdump ??= loadWithoutSignal();
    let failure: Error | null = null;
    const isDone = heapdump.writeSnapshot(path, (error) => (failure = error));
    if (isDone) chmodSync(path, 0o600);
    else
      throw (
        failure ?? new PlimsollError('ERR_PLIMSOLL_UNAVAILABLE', `heapdump wrote no snapshot to ${path}.`)
      );
  };
}

/** The package reads its options from the environment as it is loaded, and only then. */
function loadWithoutSignal(): Heapdump {
  const environment = processEnvironment();
  const before = environment['NODE_HEAPDUMP_OPTIONS'];
  environment['NODE_HEAPDUMP_OPTIONS'] = 'nosignal';
  try {
    return requirePeer(packageName) as Heapdump;
  } finally {
    if (before === undefined) delete environment['NODE_HEAPDUMP_OPTIONS'];
    else environment['NODE_HEAPDUMP_OPTIONS'] = before;
  }
}
