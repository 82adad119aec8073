// Loaded by `plimsoll modules` with --import, before anything of the service: `preload.js?out=<file>&forMs=<n>`.
import { renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { CostLedger } from './cost-ledger.ts';
import { CostMeter } from './cost-meter.ts';
import { HooksThread } from './hooks-thread.ts';
import { hasHooksInThread, installModuleHooks } from './module-hooks.ts';
import { UsageWatch } from './usage-watch.ts';

/** How often the report on disk is renewed, so that a process that is killed has left one. */
const RENEW_MS = 2_000;
/** A program whose entry never ends to run (a top-level await) has started after this. */
const LATEST_START_MS = 5_000;

function measure(outFile: string, forMs: number): void {
  const thread = hasHooksInThread ? undefined : new HooksThread();
  const ledger = new CostLedger(new CostMeter(thread));
  let usage: UsageWatch | undefined;
  const write = (): void => {
    const partial = `${outFile}.partial`;
    writeFileSync(partial, JSON.stringify(ledger.report(usage?.read())));
    renameSync(partial, outFile);
  };
  const start = (): void => {
    if (ledger.hasStarted) return;
    ledger.started();
    usage = new UsageWatch();
    write();
  };
  const entry = process.argv[1] === undefined ? undefined : pathToFileURL(process.argv[1]).href;
  const exit = ledger.exit.bind(ledger);
  ledger.exit = (file) => {
    exit(file);
    // Not within the entry’s last line: what it has put off to the next turn still belongs to the start.
    if (file === entry) setImmediate(start).unref();
  };
  installModuleHooks(ledger, thread);
  setTimeout(start, LATEST_START_MS).unref();
  const renewing = setInterval(write, RENEW_MS).unref();
  setTimeout(() => {
    clearInterval(renewing);
    write();
  }, forMs).unref();
  process.on('exit', write);
}

// A worker gets the same --import; it is the process’s main thread that is measured.
const { searchParams } = new URL(import.meta.url);
const out = searchParams.get('out');
if (isMainThread && out !== null) measure(fileURLToPath(out), Number(searchParams.get('forMs')));
