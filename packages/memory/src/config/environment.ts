/** The environment of this process: the one place in all packages where it is touched. Writing to it changes what children inherit. */
export function processEnvironment(): NodeJS.ProcessEnv {
  return process.env;
}
