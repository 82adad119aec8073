/**
 * Names that begin like ours and are not: what Kubernetes injects into every container for a Service called `plimsoll` (`PLIMSOLL_SERVICE_HOST`,
 * `PLIMSOLL_PORT_80_TCP_ADDR`, …), names with two underscores, which Plimsoll uses between its own processes, and those of its benchmarks.
 */
const patterns: readonly RegExp[] = [
  /^PLIMSOLL_(?:\w+_)?SERVICE_(?:HOST|PORT(?:_\w+)?)$/,
  /^PLIMSOLL_(?:\w+_)?PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?$/,
  /^PLIMSOLL__/,
  /^PLIMSOLL_(?:BENCH_\w+|TRACES)$/,
];

/** True when `name` belongs to somebody else, so that it is not a misspelt variable. */
export function isForeignName(name: string): boolean {
  return patterns.some((pattern) => pattern.test(name));
}
