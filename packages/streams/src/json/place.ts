/** Where the cutter stands. Named after what may come next. */
export type Place =
  | 'mark' // a byte order mark, or the root value
  | 'value' // a value on the path
  | 'first-element'
  | 'element' // the beginning of an element, one is due
  | 'in-element'
  | 'first-item'
  | 'first-key'
  | 'key'
  | 'in-key'
  | 'colon'
  | 'passed-value' // the beginning of a value beside the path
  | 'in-passed-value'
  | 'after-value'
  | 'end';

/** What may come at each place, for messages. */
export const dueAt: Readonly<Record<Place, string>> = {
  mark: 'a document should begin',
  value: 'an array or object on the path is due',
  'first-element': 'an element or ] is due',
  element: 'an element is due',
  'in-element': 'an element is not complete',
  'first-item': 'a value or ] is due',
  'first-key': 'a key or } is due',
  key: 'a key is due',
  'in-key': 'a key is not complete',
  colon: 'a colon is due',
  'passed-value': 'a value is due',
  'in-passed-value': 'a value is not complete',
  'after-value': 'a comma or closing bracket is due',
  end: 'the document is complete',
};
