/** Options of `node` whose value is the next word, so that the next word is not the script. Those that only take `=` are not here. */
const OPTIONS_WITH_A_VALUE: ReadonlySet<string> = new Set([
  '-r',
  '--require',
  '--import',
  '--loader',
  '--experimental-loader',
  '-e',
  '--eval',
  '-pe',
  '-C',
  '--conditions',
  '--env-file',
  '--env-file-if-exists',
  '--input-type',
  '--inspect-port',
  '--debug-port',
  '--title',
  '--icu-data-dir',
  '--openssl-config',
  '--diagnostic-dir',
  '--disable-warning',
  '--dns-result-order',
  '--redirect-warnings',
  '--trace-event-categories',
  '--trace-event-file-pattern',
  '--unhandled-rejections',
  '--watch-path',
  '--allow-fs-read',
  '--allow-fs-write',
  '--localstorage-file',
  '--experimental-default-type',
  '--experimental-sea-config',
  '--build-sea',
  '--heapsnapshot-signal',
  '--report-dir',
  '--report-directory',
  '--report-filename',
  '--report-signal',
  '--secure-heap',
  '--secure-heap-min',
  '--tls-cipher-list',
  '--tls-keylog',
  '--run',
  '--test-name-pattern',
  '--test-reporter',
  '--test-reporter-destination',
]);

/** The words of `node`'s own among those after `node`: everything before the script, `-` or `--`. */
export function nodeArgumentsOf(words: readonly string[]): string[] {
  const own: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '-' || word === '--' || !word.startsWith('-')) break;
    own.push(word);
    if (OPTIONS_WITH_A_VALUE.has(word)) {
      index += 1;
      if (index < words.length) own.push(words[index] ?? '');
    }
  }
  return own;
}
