// @plimsoll/streams as it is published: streams.mjs makes it and says where it is.
import { pathToFileURL } from 'node:url';

/** The URL of its entry. */
export const oursUrl = pathToFileURL(process.env.PLIMSOLL_BENCH_STREAMS).href;

export const ours = () => import(oursUrl);
