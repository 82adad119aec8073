// Prints what this process sees of its memory, once.
import { readMemory, resolveMemoryLimit } from '@plimsoll/memory';

const { limitBytes, source, origin, notes } = resolveMemoryLimit();
const sample = readMemory();
process.stdout.write(JSON.stringify({ limitBytes, source, origin, notes, sample }));
