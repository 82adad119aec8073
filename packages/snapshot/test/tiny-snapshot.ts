const nodeTypes = [
  'hidden',
  'array',
  'string',
  'object',
  'code',
  'closure',
  'regexp',
  'number',
  'native',
  'synthetic',
  'concatenated string',
  'sliced string',
  'symbol',
  'bigint',
  'object shape',
];
const edgeTypes = ['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak'];

/** One node of a hand-built snapshot: `[type, name, self bytes, edges]`, an edge being `[type, name or index, target node]`. */
export type TinyNode = readonly [
  string,
  string,
  number,
  readonly (readonly [string, string | number, number])[],
];

/** Options of {@link tinySnapshot}. */
export interface TinyOptions {
  /** Adds the column that Node.js 20 still has. */
  readonly hasTraceNodeId?: boolean;
  /** Text put before the strings: a section of a V8 yet to come. */
  readonly extraSection?: string;
}

/** The text of a snapshot with exactly these nodes; ids are 1, 3, 5, … as V8 counts. */
export function tinySnapshot(nodes: readonly TinyNode[], options: TinyOptions = {}): string {
  const strings: string[] = [];
  const intern = (text: string): number => {
    const at = strings.indexOf(text);
    return at >= 0 ? at : strings.push(text) - 1;
  };
  const fields = [
    'type',
    'name',
    'id',
    'self_size',
    'edge_count',
    ...(options.hasTraceNodeId ? ['trace_node_id'] : []),
    'detachedness',
  ];
  const nodeRows: number[][] = [];
  const edgeRows: number[][] = [];
  nodes.forEach(([type, name, selfBytes, edges], at) => {
    const row = [nodeTypes.indexOf(type), intern(name), 2 * at + 1, selfBytes, edges.length];
    nodeRows.push([...row, ...(options.hasTraceNodeId ? [0] : []), 0]);
    for (const [edgeType, edgeName, target] of edges) {
      const nameOrIndex = typeof edgeName === 'number' ? edgeName : intern(edgeName);
      edgeRows.push([edgeTypes.indexOf(edgeType), nameOrIndex, target * fields.length]);
    }
  });
  const meta = {
    node_fields: fields,
    node_types: [
      nodeTypes,
      'string',
      'number',
      'number',
      'number',
      ...(options.hasTraceNodeId ? ['number'] : []),
      'number',
    ],
    edge_fields: ['type', 'name_or_index', 'to_node'],
    edge_types: [edgeTypes, 'string_or_number', 'node'],
  };
  const header = JSON.stringify({ meta, node_count: nodeRows.length, edge_count: edgeRows.length });
  const rows = (list: number[][]): string => list.map((row) => row.join(',')).join('\n,');
  return `{"snapshot":${header},\n"nodes":[${rows(nodeRows)}\n],\n"edges":[${rows(edgeRows)}\n],\n${options.extraSection ?? ''}"strings":[${strings.map((text) => JSON.stringify(text)).join(',\n')}]}\n`;
}
