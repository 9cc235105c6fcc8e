import { digestOf, sha256 } from '../canonical/digest';
import type { Fault } from '../foundation/fault';
import type { Digest } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';
import { NO_FILES, packedPaths, type PackFiles } from '../pack/pack-files';
import { readPack, type PackReading } from '../pack/read-pack';
import { buildPlan } from '../plan/build-plan';
import type { PlanConfiguration, Planned } from '../plan/plan-request';
import type { Environment } from '../plan/profile';
import type { ReadPack } from '../pack/read-pack';
import { grantsFor, type SecretAsker, type SecretBinding } from '../secret/secret-binding';

/** A file that came with a manifest. */
export interface PackFile {
  /** Relative, forward slashes. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

/** A pack as it was received. */
export interface PackSource {
  /** YAML or JSON. */
  readonly manifest: string;
  /** False if the caller gave an object, not a text: then lines and columns would mean nothing to it. */
  readonly hasLines: boolean;
  readonly files: readonly PackFile[];
  /** Digest of the archive that it came in, where it came in one. */
  readonly archiveDigest?: Digest;
}

/** What a planner of this installation goes by. */
export interface PlanningSetting {
  readonly environment: Environment;
  readonly configuration: PlanConfiguration;
  /** Who may have which secret: instead of `configuration.secrets`, which then is not asked. */
  readonly bindings?: readonly SecretBinding[];
}

/** For whom a pack is planned: decides which secrets it may have. */
export type PackAsker = Pick<SecretAsker, 'tenant' | 'signers'>;

/** Of no tenant, signed by nobody. */
const NOBODY: PackAsker = { tenant: '', signers: [] };

/** A pack that can run. */
export interface PlannedPack {
  readonly kind: 'planned';
  readonly read: ReadPack;
  readonly files: PackFiles;
  readonly planned: Planned;
}

/** A pack that can run, or everything that is wrong: with the pack itself, or with it and these inputs here. */
export type PackPlanning =
  | PlannedPack
  | { readonly kind: 'refused'; readonly code: 'PACK_INVALID' | 'PLAN_INVALID'; readonly faults: readonly Fault[] };

/** Reads and plans a pack. Pure; never throws for a pack or for inputs. */
export function planPack(
  source: PackSource,
  inputs: JsonObject,
  setting: PlanningSetting,
  asker: PackAsker = NOBODY,
): PackPlanning {
  const files = packFilesOf(source.files);
  const read: PackReading = readPack(source.manifest, files);
  if (read.kind === 'refused') return { kind: 'refused', code: 'PACK_INVALID', faults: shownTo(source, read.faults) };
  const { environment, configuration, bindings } = setting;
  const { name, version } = read.pack.metadata;
  const facts = { ...asker, pack: { name, version }, sealed: environment.mode === 'sealed' };
  const planning = buildPlan({
    pack: read,
    files,
    inputs,
    environment,
    configuration: bindings ? { ...configuration, secrets: grantsFor(bindings, facts) } : configuration,
    ...(source.hasLines ? { source: source.manifest } : {}),
  });
  if (planning.kind === 'refused') {
    return { kind: 'refused', code: 'PLAN_INVALID', faults: shownTo(source, planning.faults) };
  }
  return { kind: 'planned', read, files, planned: planning };
}

function shownTo({ hasLines }: PackSource, faults: readonly Fault[]): readonly Fault[] {
  return hasLines ? faults : faults.map((fault) => ({ ...fault, line: null, column: null }));
}

/** The files as the pack floor asks for them. */
export function packFilesOf(files: readonly PackFile[]): PackFiles {
  if (files.length === 0) return NO_FILES;
  const byPath = new Map(files.map((file) => [file.path, file]));
  return {
    paths: () => [...byPath.keys()],
    read: (path) => byPath.get(path)?.bytes ?? null,
    executable: (path) => byPath.get(path)?.executable ?? false,
  };
}

/** The files that belong to the pack, in order of their paths. */
export function packedFiles(source: PackSource, files: PackFiles): readonly PackFile[] {
  const byPath = new Map(source.files.map((file) => [file.path, file]));
  return packedPaths(files).flatMap((path) => byPath.get(path) ?? []);
}

/** Digest of a pack as it was received: of its archive, else of the manifest's bytes, and where files came with it, of a list of all of them. */
export function sourceDigestOf({ manifest, files, archiveDigest }: PackSource): Digest {
  if (archiveDigest !== undefined) return archiveDigest;
  if (files.length === 0) return sha256(manifest);
  const listed = files.map(({ path, bytes, executable }) => ({ path, sha256: sha256(bytes), executable }));
  return digestOf({ manifest: sha256(manifest), files: listed.sort((a, b) => (a.path < b.path ? -1 : 1)) });
}
