// The other process of siblings.mjs: a tool without any guard that keeps what it reads.
const perSecond = Number(process.argv[2] ?? 20) * 1e6;
const frames = [];
setInterval(() => frames.push(Buffer.alloc(Math.round(perSecond / 50), 1)), 20);
