import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { inspectUrl, runNode } from '../child/run-node.ts';

const pprofUrl = resolvePprof();
const skipped = pprofUrl === undefined ? ' [SKIPPED: @datadog/pprof has no build for this platform]' : '';

function resolvePprof(): string | undefined {
  try {
    const require = createRequire(import.meta.url);
    const path = require.resolve('@datadog/pprof');
    require('@datadog/pprof');
    return pathToFileURL(path).href;
  } catch {
    // Not installed, or no prebuilt binary: said in the title of the test.
    return undefined;
  }
}

test.skipIf(pprofUrl === undefined)(
  `beside the monitor of @datadog/pprof the hook stands down, and at the limit the monitor is called${skipped}`,
  () => {
    const program = `
      import { writeSync } from 'node:fs';
      import pprof from ${JSON.stringify(pprofUrl)};
      import { armNearLimit, onNearLimit } from ${JSON.stringify(inspectUrl)};
      pprof.heap.start(65_536, 32);
      pprof.heap.monitorOutOfMemory(0, 0, true, [], () => {}, 0);
      onNearLimit(() => { writeSync(1, 'ours'); return { exit: 77 }; });
      const { armed, reason } = armNearLimit('test');
      writeSync(1, armed + ' ' + reason + '\\n');
      const kept = []; for (let i = 0; ; i += 1) kept.push({ i, text: 'kept ' + i });`;
    const { signal, stdout, stderr } = runNode([
      '--max-old-space-size=40',
      '--max-semi-space-size=1',
      '--input-type=module',
      '--eval',
      program,
    ]);
    expect(stdout).toBe('false @datadog/pprof may act at the limit itself.\n');
    expect(signal).toBe('SIGABRT');
    expect(stderr).toContain('NearHeapLimit(count=1)');
  },
);
