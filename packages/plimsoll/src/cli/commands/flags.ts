import type { Command } from 'commander';
import { resolveConfig } from '@plimsoll/memory';
import { planHeap, readUserHeapFlags } from '@plimsoll/heap';
import { splittablePreloadArgument } from '../../preload-file.ts';
import { serviceTermsOf } from '../../service-plan.ts';
import { findServiceLimit } from '../service-limit.ts';
import { userEnvironment } from '../user-environment.ts';

interface FlagsOptions {
  readonly heapOnly?: boolean;
}

/** `plimsoll flags`: the arguments that `plimsoll run` would add, for `node $(plimsoll flags) server.js`. */
export function addFlagsCommand(program: Command): void {
  program
    .command('flags')
    .summary('print the arguments that size the heap and arm the guard')
    .description(
      'Prints the arguments that `plimsoll run` would add, on one line and safe for word splitting: node $(plimsoll flags) server.js\n' +
        'Prints none where PLIMSOLL=off, and no size where nothing limits the process or NODE_OPTIONS already sizes the heap.',
    )
    .option('--heap-only', 'without the preload that arms the guard')
    .action((options: FlagsOptions) => {
      process.stdout.write(`${flagWords(options.heapOnly === true).join(' ')}\n`);
    });
}

function flagWords(heapOnly: boolean): string[] {
  const environment = userEnvironment();
  if (environment['PLIMSOLL'] === 'off') return [];
  const { config } = resolveConfig({ env: environment });
  const preload = heapOnly ? [] : [splittablePreloadArgument()];
  const user = readUserHeapFlags({ execArgv: [], nodeOptions: environment['NODE_OPTIONS'] });
  const { limit, isBounded } = findServiceLimit(config);
  if (user.sizesOldSpace || !isBounded) return preload;
  const plan = planHeap({
    limitBytes: limit.limitBytes,
    ...serviceTermsOf(config),
    ...(user.semiSpaceBytes === undefined ? {} : { semiSpaceBytes: user.semiSpaceBytes }),
  });
  const sizes = plan.flags.filter((flag) => user.all.length === 0 || !flag.includes('semi-space'));
  return [...sizes, ...preload];
}
