// Writes a snapshot of any size row by row, with the shape of a service that holds sessions in a Map: no heap of that size is
// needed to make it. Arguments: the path and the number of sessions (about 530 bytes of file each).
import { closeSync, openSync, writeSync } from 'node:fs';

const [path, countText] = process.argv.slice(2);
const sessionCount = Number(countText);
const partsPerSession = 7;
// Makes it about 75 bytes a node, as files of real services are.
const padding = 'x'.repeat(140);
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
const fields = ['type', 'name', 'id', 'self_size', 'edge_count', 'detachedness'];
const meta = {
  node_fields: fields,
  node_types: [nodeTypes, 'string', 'number', 'number', 'number', 'number'],
  edge_fields: ['type', 'name_or_index', 'to_node'],
  edge_types: [edgeTypes, 'string_or_number', 'node'],
};
const names = [
  '',
  'global',
  'Map',
  'table',
  'Session',
  'user',
  'cart',
  'Array',
  'elements',
  'Object',
  'map',
  'sessions',
  'id',
  'email',
  'tag',
  '(object shape)',
  'system / Context',
  'context',
  'handler',
  '__proto__',
];
const name = (text) => names.indexOf(text);
const fixedNodes = 7;
const nodeCount = fixedNodes + sessionCount * partsPerSession;
// root 1, global 1, closure 1, context 1, map 1, table 2 a session, shape 0; each session has 21 edges of its own.
const edgesPerSession = 19;
const edgeCount = 5 + sessionCount * (2 + edgesPerSession);

const file = openSync(path, 'w');
let parts = [];
let length = 0;
const write = (text) => {
  parts.push(text);
  length += text.length;
  if (length > 1 << 22) flush();
};
const flush = () => {
  writeSync(file, parts.join(''));
  parts = [];
  length = 0;
};
let isFirst = true;
const row = (text) => {
  write(isFirst ? text : `\n,${text}`);
  isFirst = false;
};

write(`{"snapshot":${JSON.stringify({ meta, node_count: nodeCount, edge_count: edgeCount })},\n"nodes":[`);
const fixed = [
  [9, '', 0, 1],
  [3, 'global', 100, 1],
  [5, 'handler', 64, 1],
  [3, 'system / Context', 32, 1],
  [3, 'Map', 32, 1],
  [1, '', 16, 2 * sessionCount],
  [14, 'system / Context', 80, 0],
];
fixed.forEach(([type, text, size, edges], at) =>
  row(`${type},${name(text)},${2 * at + 1},${size},${edges},0`),
);
const stringBase = names.length;
for (let session = 0; session < sessionCount; session++) {
  const id = 2 * (fixedNodes + session * partsPerSession) + 1;
  const text = stringBase + session;
  // session, id, user object, e-mail, cart array, its elements, tag
  row(`3,${name('Session')},${id},56,6,0`);
  row(`2,${text},${id + 2},32,1,0`);
  row(`3,${name('Object')},${id + 4},40,4,0`);
  row(`2,${text},${id + 6},48,1,0`);
  row(`3,${name('Array')},${id + 8},16,3,0`);
  row(`1,${name('')},${id + 10},64,3,0`);
  row(`2,${text},${id + 12},24,1,0`);
}
write('\n],\n"edges":[');
isFirst = true;
const to = (node) => node * fields.length;
row(`5,${name('global')},${to(1)}`);
row(`2,${name('handler')},${to(2)}`);
row(`3,${name('context')},${to(3)}`);
row(`0,${name('sessions')},${to(4)}`);
row(`3,${name('table')},${to(5)}`);
for (let session = 0; session < sessionCount; session++) {
  const first = fixedNodes + session * partsPerSession;
  row(`3,${name('map')},${to(first + 1)}`);
  row(`3,${name('map')},${to(first)}`);
}
for (let session = 0; session < sessionCount; session++) {
  const first = fixedNodes + session * partsPerSession;
  const map = `3,${name('map')},${to(6)}`;
  row(`2,${name('id')},${to(first + 1)}`);
  row(`2,${name('user')},${to(first + 2)}`);
  row(`2,${name('cart')},${to(first + 4)}`);
  row(`2,${name('tag')},${to(first + 6)}`);
  row(`2,${name('__proto__')},${to(1)}`);
  row(map);
  row(map);
  row(`2,${name('email')},${to(first + 3)}`);
  row(`2,${name('tag')},${to(first + 6)}`);
  row(`2,${name('__proto__')},${to(1)}`);
  row(map);
  row(map);
  row(`3,${name('elements')},${to(first + 5)}`);
  row(`1,0,${to(first + 6)}`);
  row(map);
  row(`3,${name('elements')},${to(first + 6)}`);
  row(`3,${name('elements')},${to(first + 3)}`);
  row(map);
  row(map);
}
write(`\n],\n"strings":[${names.map((text) => JSON.stringify(text)).join(',\n')}`);
for (let session = 0; session < sessionCount; session++)
  write(`,\n"text of session number ${session} ${padding}"`);
write(']}\n');
flush();
closeSync(file);
