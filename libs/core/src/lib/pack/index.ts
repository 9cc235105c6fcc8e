export { RUNNER_VERSION } from './check-runner';
export { parseDuration, printDuration } from './model/duration';
export type { Pack } from './model/pack';
export { parsePackPath } from './model/pack-path';
export { contentDigest } from './pack-digest';
export { packedPaths } from './pack-files';
export { isPackName, isPackVersion, parsePackReference, type PackReference } from './pack-reference';
export { readPack, type ReadPack } from './read-pack';
export { packSchema, printPackSchema } from './shapes/pack-schema';
