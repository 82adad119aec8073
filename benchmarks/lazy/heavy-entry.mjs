// The program whose start is measured by lazy/report.mjs: three packages, an ES module of one file, one of many, and CommonJS.
await import('zod');
await import('rxjs');
await import('typescript');
