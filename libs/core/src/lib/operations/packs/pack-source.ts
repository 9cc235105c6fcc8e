import { digestOf, sha256 } from '../../canonical/digest';
import { sortFaults, type Fault } from '../../foundation/fault';
import type { Digest } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import { NO_FILES, packedPaths, type PackFiles } from '../../pack/pack-files';
import { readPack, type PackReading } from '../../pack/read-pack';
import { buildPlan } from '../../planner/build-plan';
import type { PlanConfiguration, Planned } from '../../plan/plan-request';
import type { Environment } from '../../plan/profile';
import type { ReadPack } from '../../pack/read-pack';
import type { KnownPacks } from './known-packs';
import { grantsFor, type SecretAsker, type SecretBinding } from '../../secret/secret-binding';

/** A file beside a manifest. */
export interface PackFile {
  /** Relative path with forward slashes. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

/** A pack as received. */
export interface PackSource {
  /** YAML or JSON. */
  readonly manifest: string;
  /** False if the caller sent an object instead of a text. Lines and columns would then mean nothing to the caller. */
  readonly hasLines: boolean;
  readonly files: readonly PackFile[];
  /** Digest of the archive in which it was received, if there was one. */
  readonly archiveDigest?: Digest;
}

/** Settings of a planner of this installation. */
export interface PlanningSetting {
  /** Environment of every run whose pack does not request to be sealed. */
  readonly environment: Environment;
  /** Environment of runs whose pack requests it (`sandbox.mode: sealed`); null or absent: this installation does not seal. */
  readonly sealedEnvironment?: Environment | null;
  readonly configuration: PlanConfiguration;
  /** Bindings of secrets. If set, `configuration.secrets` is ignored. */
  readonly bindings?: readonly SecretBinding[];
  /** Packs that were read before. Absent: each pack is read. */
  readonly packs?: KnownPacks;
}

/** The tenant and the signers for whom a pack is planned. They decide which secrets it may have. */
export type PackAsker = Pick<SecretAsker, 'tenant' | 'signers'>;

/** No tenant and no signers. */
const NOBODY: PackAsker = { tenant: '', signers: [] };
/** The environment of a pack: the stricter of the modes that the installation and the pack request. */
export function environmentOfPack({ pack }: ReadPack, setting: PlanningSetting): Environment {
  const { environment, sealedEnvironment = null } = setting;
  return pack.spec.sandbox.mode === 'sealed' ? (sealedEnvironment ?? environment) : environment;
}

/** A pack that can run. */
interface PlannedPack {
  readonly kind: 'planned';
  readonly read: ReadPack;
  readonly files: PackFiles;
  readonly planned: Planned;
}

/** A pack that can run, or all faults: of the pack itself, or of its use with these inputs in this installation. */
export type PackPlanning =
  | PlannedPack
  | {
      readonly kind: 'refused';
      readonly code: 'PACK_INVALID' | 'PLAN_INVALID';
      readonly faults: readonly Fault[];
    };

/** What is wrong with a pack, and what probably is. */
interface PackReview {
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

/** All faults of a pack that do not depend on its inputs. Faults about missing inputs are included. Pure. */
export function checkPack(source: PackSource, setting: PlanningSetting, asker: PackAsker = NOBODY): readonly Fault[] {
  return reviewPack(source, setting, asker).faults;
}

/** The same, with the warnings. Pure. */
export function reviewPack(source: PackSource, setting: PlanningSetting, asker: PackAsker = NOBODY): PackReview {
  const warned: Fault[] = [];
  const planning = planWith(source, null, setting, asker, (warnings) => void warned.push(...warnings));
  return { faults: planning.kind === 'refused' ? planning.faults : [], warnings: shownTo(source, warned) };
}

/** Reads and plans a pack. Pure; never throws because of a pack or inputs. */
export function planPack(
  source: PackSource,
  inputs: JsonObject,
  setting: PlanningSetting,
  asker: PackAsker = NOBODY,
): PackPlanning {
  return planWith(source, inputs, setting, asker);
}

function planWith(
  source: PackSource,
  inputs: JsonObject | null,
  setting: PlanningSetting,
  asker: PackAsker,
  onWarnings: (warnings: readonly Fault[]) => void = () => undefined,
): PackPlanning {
  const files = packFilesOf(source.files);
  const reading: PackReading =
    setting.packs?.read(asker.tenant ?? '', source.manifest, files) ?? readPack(source.manifest, files);
  const partial = reading.kind === 'refused' ? reading.partial : undefined;
  const unread = reading.kind === 'refused' ? reading.faults : [];
  const read = reading.kind === 'read' ? reading : partial?.read;
  if (read === undefined) return { kind: 'refused', code: 'PACK_INVALID', faults: shownTo(source, unread) };
  const { configuration, bindings } = setting;
  const environment = environmentOfPack(read, setting);
  const { name, version } = read.pack.metadata;
  const facts = { ...asker, pack: { name, version }, sealed: environment.mode === 'sealed' };
  const planning = buildPlan({
    pack: read,
    files,
    inputs: inputs ?? {},
    ...(inputs === null ? { withoutInputs: true as const } : {}),
    environment,
    configuration: bindings ? { ...configuration, secrets: grantsFor(bindings, facts) } : configuration,
    ...(source.hasLines ? { source: source.manifest } : {}),
    ...(partial === undefined ? {} : { unreadable: partial.unreadable }),
  });
  onWarnings(planning.warnings);
  if (planning.kind === 'refused') {
    const code = reading.kind === 'read' ? 'PLAN_INVALID' : 'PACK_INVALID';
    const faults = reading.kind === 'read' ? planning.faults : sortFaults([...unread, ...planning.faults]);
    return { kind: 'refused', code, faults: shownTo(source, faults) };
  }
  return { kind: 'planned', read, files, planned: planning };
}

function shownTo({ hasLines }: PackSource, faults: readonly Fault[]): readonly Fault[] {
  return hasLines ? faults : faults.map((fault) => ({ ...fault, line: null, column: null }));
}

/** Converts the files for the pack layer. */
export function packFilesOf(files: readonly PackFile[]): PackFiles {
  if (files.length === 0) return NO_FILES;
  const byPath = new Map(files.map((file) => [file.path, file]));
  return {
    paths: () => [...byPath.keys()],
    read: (path) => byPath.get(path)?.bytes ?? null,
    executable: (path) => byPath.get(path)?.executable ?? false,
  };
}

/** The files that belong to the pack, sorted by path. */
export function packedFiles(source: PackSource, files: PackFiles): readonly PackFile[] {
  return filesAt(packedPaths(files), source);
}

/** The files at some paths, in the order of the paths. */
export function filesAt(paths: readonly string[], { files }: PackSource): readonly PackFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return paths.flatMap((path) => byPath.get(path) ?? []);
}

/** Digest of a pack as received: of its archive; otherwise of the manifest's bytes or, if files came with it, of a list of all of them. */
export function sourceDigestOf({ manifest, files, archiveDigest }: PackSource): Digest {
  if (archiveDigest !== undefined) return archiveDigest;
  if (files.length === 0) return sha256(manifest);
  const listed = files.map(({ path, bytes, executable }) => ({ path, sha256: sha256(bytes), executable }));
  return digestOf({ manifest: sha256(manifest), files: listed.sort((a, b) => (a.path < b.path ? -1 : 1)) });
}

const MANIFESTS = ['pack.yaml', 'pack.yml', 'pack.json'];

/**
 * Finds the pack in a folder's files, which may have one folder around all of them (`tar czf pack.tgz folder`). Files that `.packignore`
 * names are left out. Null if there is no manifest, or one that is not UTF-8. `manifest` is its path.
 */
export function packSourceOf(
  files: readonly PackFile[],
): { readonly source: PackSource; readonly manifest: string } | null {
  const inside = unwrapped(files);
  const found = MANIFESTS.map((name) => inside.find((file) => file.path === name)).find((file) => file !== undefined);
  const manifest = found && decode(found.bytes);
  if (!found || manifest === null || manifest === undefined) return null;
  const kept = new Set(packedPaths(packFilesOf(inside)));
  const source = { manifest, hasLines: true, files: inside.filter((file) => kept.has(file.path)) };
  return { source, manifest: found.path };
}

function unwrapped(files: readonly PackFile[]): readonly PackFile[] {
  const prefix = /^[^/]+\//.exec(files[0]?.path ?? '')?.[0];
  if (prefix === undefined || !files.every(({ path }) => path.startsWith(prefix))) return files;
  return files.map((file) => ({ ...file, path: file.path.slice(prefix.length) }));
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
