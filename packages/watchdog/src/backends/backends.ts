import type { SnapshotFileWriter } from '@plimsoll/inspect';
import type { PlimsollConfig } from '@plimsoll/memory';
import { heapdumpWriter, isHeapdumpInstalled } from './heapdump-writer.ts';
import { PprofEncoder } from './pprof-encoder.ts';

/** What writes the evidence beside Node.js itself. */
export interface Backends {
  /** Undefined: profiles are written for Chrome DevTools alone. */
  readonly pprof: PprofEncoder | undefined;
  /** Undefined: Node.js writes snapshots. */
  readonly writeSnapshot: SnapshotFileWriter | undefined;
  /** Which are active, in a sentence; empty when all is Node.js's own. */
  readonly sentence: string;
  /** What was asked for and is not there, in sentences. */
  readonly faults: readonly string[];
}

/** Looks for what the configuration allows, and loads nothing of it. */
export function findBackends({ pprof, snapshot, snapshotBackend }: PlimsollConfig): Backends {
  const hasPprof = pprof === 'auto' && PprofEncoder.isInstalled;
  const wantsHeapdump = snapshot === 'auto' && snapshotBackend === 'heapdump';
  const hasHeapdump = wantsHeapdump && isHeapdumpInstalled();
  const active = [
    ...(hasPprof ? ['profiles also as allocation.pb.gz (@datadog/pprof)'] : []),
    ...(hasHeapdump ? ['snapshots by heapdump'] : []),
  ];
  return {
    pprof: hasPprof ? new PprofEncoder() : undefined,
    writeSnapshot: hasHeapdump ? heapdumpWriter() : undefined,
    sentence: active.length === 0 ? '' : `Backends: ${active.join(', ')}.`,
    faults:
      wantsHeapdump && !hasHeapdump
        ? ['The package heapdump is not installed: Node.js writes snapshots itself.']
        : [],
  };
}
