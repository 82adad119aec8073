import type { SnapshotHeader } from '../format/header.ts';
import { RowReader } from '../format/row-reader.ts';
import type { StringScan } from '../format/string-scan.ts';
import { findSection } from '../format/sections.ts';
import { edgeKinds, kindTable, nodeKinds } from '../graph/kinds.ts';
import type { SnapshotFile } from '../input/snapshot-file.ts';

/** What a string of the snapshot is used as. A string that is used twice has both bits: V8 stores equal texts once. */
export const stringRoles = {
  /** Name of a constructor, function or part of V8. */
  typeName: 1,
  /** Name of a variable. */
  variable: 2,
  /** Name of a property of an object with few of them. */
  property: 4,
  /** Key of an object with many: data, until another use says otherwise. */
  key: 8,
  /** Name of a method on an object with many members. */
  method: 16,
  /** A slot of V8's own, or a WeakMap entry. */
  slot: 32,
  /** Text the program holds: what has to go. */
  value: 64,
  /** File name of a script. */
  script: 128,
} as const;

/** Objects with more properties than this are dictionaries: their keys are data. */
export const maxPropertyFanOut = 24;

const typeNameKinds: readonly number[] = [
  nodeKinds.hidden,
  nodeKinds.array,
  nodeKinds.object,
  nodeKinds.code,
  nodeKinds.closure,
  nodeKinds.native,
  nodeKinds.synthetic,
  nodeKinds['object shape'],
];

/** Roles of all strings, one byte each, and where the string section's neighbours end. */
export interface RoleScan {
  readonly roles: Uint8Array;
}

/** Reads nodes and edges once and notes what each string is used as. Keeps one byte per node and per string. */
export function scanStringRoles(file: SnapshotFile, header: SnapshotHeader, strings: StringScan): RoleScan {
  const roles = new Uint8Array(strings.starts.length);
  const kinds = readNodeRoles(file, header, roles);
  readEdgeRoles(file, header, kinds, roles, strings.known.get('Object') ?? -1);
  return { roles };
}

interface NodeRoles {
  /** Kind of each node. */
  readonly types: Uint8Array;
  /** Name of each node that can be a script's file name; read again for the others. */
  readonly nodesOffset: number;
  readonly endOffset: number;
}

function readNodeRoles(file: SnapshotFile, header: SnapshotHeader, roles: Uint8Array): NodeRoles {
  const nodesOffset = findSection(file, header.endOffset, 'nodes');
  const reader = new RowReader(file, nodesOffset, header.nodeFields.length, 'nodes');
  const typeField = header.nodeFields.indexOf('type');
  const nameField = header.nodeFields.indexOf('name');
  const kinds = kindTable(header.nodeTypes, nodeKinds);
  const types = new Uint8Array(header.nodeCount);
  for (let node = 0; reader.next(); node++) {
    const kind = kinds[reader.row[typeField] & 255];
    types[node] = kind;
    roles[reader.row[nameField]] |= typeNameKinds.includes(kind) ? stringRoles.typeName : stringRoles.value;
  }
  return { types, nodesOffset, endOffset: reader.offset };
}

function readEdgeRoles(
  file: SnapshotFile,
  header: SnapshotHeader,
  nodes: NodeRoles,
  roles: Uint8Array,
  objectName: number,
): void {
  const rows = new RowReader(file, nodes.nodesOffset, header.nodeFields.length, 'nodes');
  const edges = new RowReader(
    file,
    findSection(file, nodes.endOffset, 'edges'),
    header.edgeFields.length,
    'edges',
  );
  const countField = header.nodeFields.indexOf('edge_count');
  const nodeNameField = header.nodeFields.indexOf('name');
  const [typeField, nameField, toField] = ['type', 'name_or_index', 'to_node'].map((field) =>
    header.edgeFields.indexOf(field),
  );
  const kinds = kindTable(header.edgeTypes, edgeKinds);
  const fieldCount = header.nodeFields.length;
  const pending = new Uint32Array(maxPropertyFanOut);
  const scripts: number[] = [];
  for (let node = 0; rows.next(); node++) {
    const edgeCount = rows.row[countField];
    // Instances of a class have the names its source gives them, however many.
    const isPlain = nodes.types[node] === nodeKinds.object && rows.row[nodeNameField] === objectName;
    let propertyCount = 0;
    for (let i = 0; i < edgeCount && edges.next(); i++) {
      const kind = kinds[edges.row[typeField] & 255];
      const name = edges.row[nameField];
      const target = edges.row[toField] / fieldCount;
      if (kind === edgeKinds.context) roles[name] |= stringRoles.variable;
      else if (kind === edgeKinds.internal || kind === edgeKinds.weak || kind === edgeKinds.shortcut) {
        roles[name] |= stringRoles.slot;
        if (nodes.types[node] === nodeKinds.code && nodes.types[target] === nodeKinds.string)
          scripts.push(target);
      } else if (kind === edgeKinds.property) {
        if (!isPlain) {
          roles[name] |= stringRoles.property;
          continue;
        }
        if (propertyCount < maxPropertyFanOut) pending[propertyCount] = name;
        // Too many for an object written in source: what was waiting turns out to be keys as well.
        else if (propertyCount === maxPropertyFanOut)
          for (const early of pending) roles[early] |= stringRoles.key;
        if (propertyCount >= maxPropertyFanOut) roles[name] |= stringRoles.key;
        if (nodes.types[target] === nodeKinds.closure) roles[name] |= stringRoles.method;
        propertyCount++;
      }
    }
    if (propertyCount <= maxPropertyFanOut) {
      for (let i = 0; i < propertyCount; i++) roles[pending[i]] |= stringRoles.property;
    }
  }
  markScriptNames(file, header, nodes.nodesOffset, scripts, roles);
}

/** Strings that code refers to are names of functions and files, or source text; which of them, their text decides later. */
function markScriptNames(
  file: SnapshotFile,
  header: SnapshotHeader,
  nodesOffset: number,
  nodesOfCode: readonly number[],
  roles: Uint8Array,
): void {
  const wanted = Uint32Array.from(nodesOfCode).sort();
  const reader = new RowReader(file, nodesOffset, header.nodeFields.length, 'nodes');
  const nameField = header.nodeFields.indexOf('name');
  let at = 0;
  for (let node = 0; at < wanted.length && reader.next(); node++) {
    if (wanted[at] !== node) continue;
    roles[reader.row[nameField]] |= stringRoles.script;
    while (wanted[at] === node) at++;
  }
}
