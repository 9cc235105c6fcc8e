import { sha256 } from '@taskrunner/core/canonical';
import type { Digest, Json, TenantId } from '@taskrunner/core/foundation';
import { packFilesOf, type PackSource } from '@taskrunner/core/operations';
import { contentDigest, parsePackReference, readPack, type Pack, type PackReference } from '@taskrunner/core/pack';
import type { PackArtifact } from '@taskrunner/core/ports';
import { TAR_CODEC } from '@taskrunner/infrastructure/archive';
import { packArchive } from '@taskrunner/infrastructure/registry';
import { CliError } from '../terminal/cli-error';
import { libraryOf, type RegistryOptions } from './supplied-registry';
import { bytesOf, isThere, loadPack } from './pack-argument';

/** A pack that an argument names, with the data that its publishers sign. */
export interface PackInHand {
  readonly pack: Pack;
  readonly contentDigest: Digest;
  readonly source: PackSource;
  /** Its deterministic archive. */
  readonly archive: Uint8Array;
  readonly archiveDigest: Digest;
  /** Its registry, if it comes from one. */
  readonly artifact: PackArtifact | null;
  /** Signatures attached to it in its registry. */
  readonly signatures: readonly Json[];
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The tenant for reading registries of the caller's choice: everything there is visible to it. */
export const NOBODY = 'nobody' as TenantId;

/**
 * Reads a file, folder or tarball, or a pack of a registry. Throws like `loadPack` and `PackLibrary`, and `CLI_INPUT` for a pack with
 * faults.
 */
export async function takePack(argument: string, options: RegistryOptions, env: Variables): Promise<PackInHand> {
  const reference = (await isThere(argument)) ? null : parsePackReference(argument);
  return reference === null ? inHand((await loadPack(argument)).source, []) : takePublished(reference, options, env);
}

/** Reads a pack of a registry, even if there is a local file of its name. */
export async function takePublished(
  reference: PackReference,
  options: RegistryOptions,
  env: Variables,
): Promise<PackInHand> {
  const { source, signatures, artifact } = await (await libraryOf(options, env)).resolve(NOBODY, reference);
  return inHand(source, signatures, artifact);
}

async function inHand(
  source: PackSource,
  signatures: readonly Json[],
  artifact: PackArtifact | null = null,
): Promise<PackInHand> {
  const files = packFilesOf(source.files);
  const reading = readPack(source.manifest, files);
  if (reading.kind === 'refused')
    throw new CliError('CLI_INPUT', 'the pack is invalid', 'Correct the listed errors.', reading.faults);
  const archive = await packArchive(source, TAR_CODEC);
  return {
    pack: reading.pack,
    contentDigest: contentDigest(reading.pack, files),
    source,
    archive,
    archiveDigest: sha256(archive),
    artifact,
    signatures,
  };
}

/** Signatures in files, in the format of `pack sign`. */
export async function readSignatures(paths: readonly string[]): Promise<readonly Json[]> {
  return Promise.all(
    paths.map(async (path) => {
      const text = (await bytesOf(path)).toString('utf8');
      try {
        return JSON.parse(text) as Json;
      } catch (error) {
        throw new CliError('CLI_INPUT', `${path} is not JSON`, 'Sign the pack with `taskrunner pack sign`.', [], {
          cause: error,
        });
      }
    }),
  );
}
