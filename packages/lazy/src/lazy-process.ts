import { startProcessPeer } from './remote/process-peer.ts';
import { RemoteModule } from './remote/remote-module.ts';
import type { RemoteModuleOptions } from './remote/remote-module-options.ts';

/**
 * A module that runs in a child process from its first call until it idles. All of its memory goes back to the system when it ends; a crash of it, also of its heap,
 * is an error here and nothing else. It costs about 50 ms to start and 40 MB (13 MB of them its own) while it runs; arguments and answers are copied.
 * @throws ERR_PLIMSOLL_OPTION when the URL or an option cannot be used.
 * @example
 * const sheets = lazyProcess<typeof import('./sheets.js')>(new URL('./sheets.js', import.meta.url), { maxHeapBytes: mib(512) });
 * const rows = await sheets.call('parse', [file], { signal });
 */
export function lazyProcess<Api>(url: string | URL, options: RemoteModuleOptions): RemoteModule<Api> {
  return new RemoteModule<Api>(url, options, startProcessPeer);
}
