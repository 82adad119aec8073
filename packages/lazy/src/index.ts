export { ownPackage } from './cost/cost-report.ts';
export type { FileCost, LoadCost, ModuleCostReport, PackageCost } from './cost/cost-report.ts';
export { type Lazy, lazy, lazyDefaults, type LazyOptions } from './lazy.ts';
export { lazyCommonJs, type LazyCommonJsOptions } from './lazy-common-js.ts';
export { lazyChannelName, type LazyEvent, type LazyEventName } from './lazy-events.ts';
export type { LazyLease } from './lazy-lease.ts';
export { lazyProcess } from './lazy-process.ts';
export { type LazyValue, lazyValue } from './lazy-value.ts';
export { lazyValueDefaults, type LazyValueOptions, type LazyValueStats } from './lazy-value-options.ts';
export { lazyWorker, type LazyWorkerOptions } from './lazy-worker.ts';
export { type CallOptions, moveBuffers } from './remote/remote-call.ts';
export type { RemoteModule } from './remote/remote-module.ts';
export {
  type RemoteApi,
  remoteModuleDefaults,
  type RemoteModuleOptions,
  type RemoteModuleStats,
} from './remote/remote-module-options.ts';
