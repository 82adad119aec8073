/**
 * Where V8 fails a check of its own it ends by a trap instruction, exit code 133. One such check can fail while it describes its pause at the heap limit: with this flag that death is the one that
 * the limit is without us, SIGABRT and 134. Node.js takes it as an argument, not in `NODE_OPTIONS`.
 */
export const abortFlag = '--no-hard-abort';
