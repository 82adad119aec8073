export { batch, type BatchOptions } from './bounded/batch.ts';
export { type ByteQueue, byteQueue, type ByteQueueOptions } from './bounded/byte-queue.ts';
export type { WeightOptions } from './bounded/item-weight.ts';
export { mapConcurrent, type MapConcurrentOptions, type Mapper } from './bounded/map-concurrent.ts';
export { teeBounded, type TeeBoundedOptions, type TeePolicy } from './bounded/tee-bounded.ts';
export {
  collectBytes,
  collectJson,
  type CollectJsonOptions,
  type CollectOptions,
  collectText,
} from './collect/collect.ts';
export { HttpFault } from './fault.ts';
export type { Flow } from './flow/flow.ts';
export type { FlowOptions } from './flow/flow-options.ts';
export type { FlowStats } from './flow/puller.ts';
export { type FlowMaker, toDuplex, toTransform } from './flow/transform.ts';
export { answerFault } from './http/answer-fault.ts';
export { boundedFetch, type BoundedFetchOptions, type BoundedResponse } from './http/bounded-fetch.ts';
export { boundedBytes, boundedJson, boundedText, type FetchMessage } from './http/bounded-response.ts';
export { type BodyMiddleware, type BodyMiddlewareOptions, expressBody } from './http/express-body.ts';
export { fastifyBody, type FastifyBodyOptions, type FastifyLike } from './http/fastify-body.ts';
export {
  honoBody,
  type HonoBodyOptions,
  type HonoContextLike,
  type HonoMiddleware,
} from './http/hono-body.ts';
export { type BodyOptions, receiveBytes, receiveJson, receiveText } from './http/receive.ts';
export type { JsonPath } from './json/json-path.ts';
export { parseJsonArray, type ParseJsonArrayOptions, parseJsonAt } from './json/parse-json-array.ts';
export { parseNdjson, type ParseNdjsonOptions } from './json/parse-ndjson.ts';
export type { ProtoKeyOptions } from './json/proto-key.ts';
export {
  stringifyJsonArray,
  type StringifyJsonArrayOptions,
  stringifyNdjson,
  type StringifyNdjsonOptions,
} from './json/stringify.ts';
export type { BadLine, BadLineOptions, BadLineReason } from './lines/bad-line.ts';
export { splitLines, type SplitLinesOptions } from './lines/split-lines.ts';
export {
  type GateOptions,
  PressureGate,
  pressureGate,
  type PressureGateOptions,
} from './pace/pressure-gate.ts';
export { rateLimit, type RateLimitOptions } from './pace/rate-limit.ts';
export { type Page, pageOf, type PageOptions, type PageQuery } from './paging/page-of.ts';
export { type CursorPage, type CursorSource, type OffsetSource, paginate } from './paging/paginate.ts';
export type { ByteChunk, ByteSource } from './source/byte-source.ts';
export type { ItemSource } from './source/source-reader.ts';
export { SpilledBytes, type SpillOptions, spillToDisk } from './spill/spill-to-disk.ts';
export { compress, type CompressionFormat, type CompressionOptions, decompress } from './zip/compression.ts';
