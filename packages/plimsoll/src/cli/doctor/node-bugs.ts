/** A fault of Node.js that makes memory grow or keeps a limit from counting. */
export interface NodeBug {
  /** Versions that have it, the first included and the last not; without `before` it is there to this day. */
  readonly from: string;
  readonly before?: string;
  /** What happens, in words that follow `Node.js 22.19.0: `. */
  readonly sentence: string;
  readonly remedy: string;
  readonly link: string;
}

/** Faults that are public, each with the versions that its issue names; those of AbortSignal.any were run again on 20.20.2, 22.23.3, 24.21.0 and 26.10.0. */
export const nodeBugs: readonly NodeBug[] = Object.freeze([
  {
    from: '20.3.0',
    before: '22.12.0',
    sentence: 'AbortSignal.any() of a signal that lives long keeps every signal it makes',
    remedy: 'Node.js 22.12 or later; until then add and remove an abort listener by hand.',
    link: 'https://github.com/nodejs/node/issues/55351',
  },
  {
    from: '24.13.0',
    before: '24.14.0',
    sentence: 'AbortSignal.any() of a signal that lives long keeps every signal it makes (seen in 24.13.1)',
    remedy: 'A later Node.js 24: 24.21 does not.',
    link: 'https://github.com/nodejs/node/issues/62363',
  },
  {
    from: '20.16.0',
    before: '20.17.0',
    sentence: 'fetch() holds much more memory than in 20.15',
    remedy: 'A later Node.js 20.',
    link: 'https://github.com/nodejs/node/issues/54274',
  },
  {
    from: '22.19.0',
    before: '22.21.0',
    sentence: 'memory grows with requests where it did not in 22.18',
    remedy: 'Node.js 22.21 or later.',
    link: 'https://github.com/nodejs/node/pull/59888',
  },
  {
    from: '24.0.0',
    sentence: 'the store of an AsyncLocalStorage may stay reachable from HTTP parsers that are idle',
    remedy: 'Keep stores small, or lower http.setMaxIdleHTTPParsers().',
    link: 'https://github.com/nodejs/node/issues/61882',
  },
]);

/** The faults of one version (`22.19.0`). */
export function bugsOf(version: string): NodeBug[] {
  return nodeBugs.filter(
    ({ from, before }) =>
      compare(version, from) >= 0 && (before === undefined || compare(version, before) < 0),
  );
}

function compare(a: string, b: string): number {
  const numbers = [a, b].map((version) => version.split('.').map(Number));
  for (let place = 0; place < 3; place += 1) {
    const difference = (numbers[0]?.[place] ?? 0) - (numbers[1]?.[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
