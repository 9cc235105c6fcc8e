export type { ArchiveErrorCode } from './archive-error';
export { readEvidenceBundle, type EvidenceBundle } from './evidence-bundle';
export { readTar, readTarFiles } from './read-tar';
export { TAR_CODEC } from './tar-codec';
export { isTarOf, writeTar } from './write-tar';
