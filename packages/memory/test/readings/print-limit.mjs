// A process for the tests: prints what it sees of its memory.
import { readMemory, resolveMemoryLimit } from '../../dist/index.js';

process.stdout.write(JSON.stringify({ limit: resolveMemoryLimit(), sample: readMemory() }));
