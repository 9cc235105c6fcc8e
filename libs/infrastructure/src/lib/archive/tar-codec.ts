import { readTarFiles, type TarFile, type TarLimits } from './read-tar';
import { writeTar, type TarSource } from './write-tar';

/** Writes and reads tars in memory, for adapters that receive the codec as a dependency. */
export const TAR_CODEC = {
  write: (files: readonly TarSource[]): AsyncIterable<Uint8Array> => writeTar(files),
  read: (bytes: Uint8Array, limits: TarLimits): Promise<readonly TarFile[]> => readTarFiles(once(bytes), limits),
};

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
