/** What a census counted: classes, and containers that code holds. */
export interface CensusSummary {
  readonly classes: readonly { readonly name: string; readonly count: number }[];
  readonly containers: readonly {
    readonly name: string;
    readonly place: string;
    readonly itemCount: number;
  }[];
}

type Row = Readonly<Record<string, unknown>>;

/** Takes from a census what a page can show. Members it does not know are left out; undefined when nothing is left. */
export function readCensus(census: unknown): CensusSummary | undefined {
  if (typeof census !== 'object' || census === null) return undefined;
  const { classes, containers } = census as { readonly classes?: unknown; readonly containers?: unknown };
  const summary: CensusSummary = {
    classes: rows(classes).map((row) => ({
      name: text(row['name'] ?? row['className']),
      count: Number(row['count'] ?? 0),
    })),
    containers: rows(containers).map((row) => ({
      name: text(row['name'] ?? row['variable'] ?? row['description']),
      place: [text(row['file']), text(row['line'])].filter((part) => part !== '').join(':'),
      itemCount: Number(row['itemCount'] ?? row['size'] ?? row['count'] ?? 0),
    })),
  };
  return summary.classes.length + summary.containers.length > 0 ? summary : undefined;
}

function rows(value: unknown): Row[] {
  return Array.isArray(value)
    ? value.filter((row): row is Row => typeof row === 'object' && row !== null)
    : [];
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
