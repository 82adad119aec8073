import { RemoteModule, type RemoteModuleOptions } from './remote/remote-module.ts';
import { startWorkerPeer } from './remote/worker-peer.ts';

/**
 * A module that runs in a worker thread from its first call until it idles. For what computes: the event loop here stays free. Of its memory a quarter to a half
 * goes back to the system when it ends, and about 14 MB stay in the process after the first worker: to get all of it back use {@link lazyProcess}.
 *
 * A size flag on the command line (`--max-old-space-size`) overrides the limit of every worker unless `@plimsoll/heap` is in charge.
 * @throws ERR_PLIMSOLL_OPTION when the URL or an option cannot be used.
 * @example
 * const pdf = lazyWorker<typeof import('./pdf.js')>(new URL('./pdf.js', import.meta.url), { maxHeapBytes: mib(128) });
 * const bytes = await pdf.api.render(order);
 */
export function lazyWorker<Api>(url: string | URL, options: RemoteModuleOptions): RemoteModule<Api> {
  return new RemoteModule<Api>(url, options, startWorkerPeer);
}
