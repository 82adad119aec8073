import { type HeapPlan, readUserHeapFlags } from '@plimsoll/heap';
import type { Service } from './service.ts';

/** What to paste so that the heap fits. */
export interface Remedy {
  /** Heap flags in `NODE_OPTIONS` that would win over the plan: they have to go first. */
  readonly remove: readonly string[];
  /** For an image that has Plimsoll: the heap follows whatever limit the container is given. */
  readonly dockerfile: string;
  /** For a Kubernetes manifest, with Plimsoll in the image. */
  readonly manifest: string;
  /** For an image without Plimsoll: the numbers of this one limit. */
  readonly nodeOptions: string;
}

/** The lines to paste for `service` under `plan`. */
export function remedyFor(service: Service, plan: HeapPlan): Remedy {
  const own = service.words.length > 0 ? withoutOurs(service.words) : ['server.js'];
  const command = ['node_modules/.bin/plimsoll', 'run', '--', 'node', ...own];
  const nodeOptions = plan.flags.join(' ');
  const inOptions = readUserHeapFlags({ execArgv: [], nodeOptions: service.nodeOptions });
  return {
    remove: inOptions.all.map(({ text }) => text),
    dockerfile: `CMD ${JSON.stringify(command).replaceAll('","', '", "')}`,
    manifest: [
      'spec:',
      '  template:',
      '    spec:',
      '      containers:',
      '        - name: service',
      `          command: ${JSON.stringify(command).replaceAll('","', '", "')}`,
    ].join('\n'),
    nodeOptions: `ENV NODE_OPTIONS="${nodeOptions}"`,
  };
}

/** The user's own words: without heap flags and without what `plimsoll run` adds. */
function withoutOurs(words: readonly string[]): string[] {
  const ours =
    /^--max[-_](?:old[-_]space|semi[-_]space|heap)[-_]size|^--no-hard-abort$|^--require=.*[\\/]preload\.cjs$/;
  return words.filter((word) => !ours.test(word));
}
