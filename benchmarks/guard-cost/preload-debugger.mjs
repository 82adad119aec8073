// What a guard must not do all day: hold the debugger enabled, as the near-heap-limit hook needs it while it is armed.
import { openInspector, startAllocationSampling } from '@plimsoll/inspect';

startAllocationSampling();
openInspector().ask('Debugger.enable', { maxScriptsCacheSize: 0 });
openInspector().ask('Debugger.setSkipAllPauses', { skip: true });
