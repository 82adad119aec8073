// Takes memory outside the heap until the kernel ends it.
const blocks = [];
setInterval(() => blocks.push(Buffer.alloc(4 * 2 ** 20, 1)), 50);
