/** A container that a census of the living process counted. */
export interface CensusContainer {
  /** The way from a variable: `tenants[<key 1 of 50>].handlers`. */
  readonly path: string;
  /** `file:line` of the variable. */
  readonly place: string;
  /** `Map`, `Array`, … */
  readonly kind: string;
  readonly count: number;
  /** Estimated bytes. */
  readonly bytes: number;
  /** Items gained since the first census; undefined when it was not there. */
  readonly gainedCount?: number;
}

/** What the censuses of an incident counted. */
export interface CensusSummary {
  /** When the newest was taken, in milliseconds since the epoch. */
  readonly atMs: number;
  /** The containers of the newest, largest first. */
  readonly containers: readonly CensusContainer[];
}

interface RawCensus {
  readonly atMs?: number;
  readonly containers?: readonly {
    readonly path?: string;
    readonly file?: string;
    readonly line?: number;
    readonly kind?: string;
    readonly count?: number;
    readonly bytes?: number;
  }[];
}

/** Reads `census.json`: the newest census, compared with the first. Undefined when it holds no container. */
export function readCensus(file: unknown): CensusSummary | undefined {
  const censuses = (file as { readonly censuses?: readonly RawCensus[] } | null | undefined)?.censuses;
  if (!Array.isArray(censuses) || censuses.length === 0) return undefined;
  const list = censuses as readonly RawCensus[];
  const [first, newest] = [list[0], list[list.length - 1]];
  const key = (path = '', name = ''): string => `${path}\0${name}`;
  const before = new Map((first.containers ?? []).map((one) => [key(one.path, one.file), one.count ?? 0]));
  const containers = (newest.containers ?? []).map((one): CensusContainer => {
    const earlier = list.length > 1 ? before.get(key(one.path, one.file)) : undefined;
    return {
      path: one.path ?? '',
      place: one.file === undefined || one.file === '' ? '' : `${one.file}:${one.line ?? 0}`,
      kind: one.kind ?? '',
      count: one.count ?? 0,
      bytes: one.bytes ?? 0,
      ...(earlier === undefined ? {} : { gainedCount: (one.count ?? 0) - earlier }),
    };
  });
  return containers.length === 0 ? undefined : { atMs: newest.atMs ?? 0, containers };
}
