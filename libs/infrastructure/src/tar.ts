// An entry of its own: archives of packs and of evidence are read and written without anything that is not in Node.js.
export type { ArchiveErrorCode } from './lib/archive/archive-error';
export { readTar, readTarFiles, tarEntries, type TarEntry, type TarFile, type TarLimits } from './lib/archive/read-tar';
export { TAR_CODEC } from './lib/archive/tar-codec';
export { isTarOf, writeTar, type TarSource } from './lib/archive/write-tar';
