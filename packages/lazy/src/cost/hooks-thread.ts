import { readdirSync, readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Beside } from './cost-meter.ts';
import { instrument, ledgerKey } from './instrument.ts';

/** A file that is about to be compiled, and the file that asked for it. */
interface LoadedFile {
  readonly url: string;
  readonly asker: string | undefined;
  /** Memory of the thread by then. */
  readonly bytes: number;
}

/**
 * Node.js 20 has no hooks on the main thread, and runs those it has on a thread of their own. That thread puts the same lines into each ES module as the hooks of later
 * versions do, and says of each file that it is on its way to the main thread, which compiles it next: which file of a package pays for what is a guess there, which
 * package pays nearly always right. What the thread itself uses is not the service's, and is told from it as far as the kernel tells.
 */
export class HooksThread implements Beside {
  readonly #port: MessagePort;
  readonly #statFile: string | undefined;
  #heldBytes = 0;

  /** Starts the thread. To be done before anything is measured: its start costs 20 ms and 20 MB. */
  constructor() {
    const before = new Set(threadIds());
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    nodeModule.register(`data:text/javascript,${encodeURIComponent(source)}`, {
      data: { port: port2 },
      transferList: [port2],
    });
    const started = threadIds().filter((id) => !before.has(id));
    this.#statFile = started.length === 1 ? `/proc/self/task/${started[0]}/schedstat` : undefined;
  }

  /** Calls `listener` for each file as its text comes over. Does not hold the process. */
  onLoaded(listener: (file: LoadedFile) => void): void {
    this.#port.on('message', (file: LoadedFile) => {
      this.#heldBytes = file.bytes;
      listener(file);
    });
    this.#port.unref();
  }

  /** Bytes the thread has come to hold since it started, as it last said. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** CPU the thread has used, in microseconds; 0 where the kernel does not tell. */
  readCpuUs(): number {
    if (this.#statFile === undefined) return 0;
    try {
      return Number.parseInt(readFileSync(this.#statFile, 'latin1'), 10) / 1_000;
    } catch {
      // The thread is gone: it loads nothing any more.
      return 0;
    }
  }
}

function threadIds(): string[] {
  try {
    return readdirSync('/proc/self/task');
  } catch {
    // Not Linux.
    return [];
  }
}

const source = `
  const askedBy = new Map();
  const ledgerKey = ${JSON.stringify(ledgerKey)};
  const instrument = ${instrument.toString()};
  const { getHeapStatistics } = process.getBuiltinModule('node:v8');
  // Without external memory: that is source text on its way to the main thread, where it is counted.
  const held = () => {
    const heap = getHeapStatistics();
    return heap.total_physical_size + heap.malloced_memory;
  };
  const startBytes = held();
  let port;
  export function initialize(data) { port = data.port; }
  export async function resolve(specifier, context, next) {
    const resolved = await next(specifier, context);
    if (!askedBy.has(resolved.url)) askedBy.set(resolved.url, context.parentURL);
    return resolved;
  }
  export async function load(url, context, next) {
    const loaded = await next(url, context);
    const asker = askedBy.get(url);
    if (url.startsWith('file:')) port.postMessage({ url, asker, bytes: held() - startBytes });
    if (loaded.format !== 'module' || loaded.source == null) return loaded;
    return { ...loaded, source: instrument(ledgerKey, url, asker, Buffer.from(loaded.source).toString('utf8')) };
  }`;
