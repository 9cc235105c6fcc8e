import { readPackSignature } from '../../evidence/statement/pack-signature';
import { CodedError, isCodedError } from '../../foundation/coded-error';
import type { Digest, TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { isPackVersion, printPackReference, type PackReference } from '../../pack/pack-reference';
import type { PackArtifact, PackFacts, PackRegistry } from '../../ports/packs/pack-registry';
import type { PackVersions } from '../../ports/packs/pack-versions';
import { isOwnedBy, isVisibleTo } from '../../publisher/visibility';
import { describePack, type DescribedPack, type PackDescription } from './describe-pack';
import { packedFiles, packFilesOf, type PackSource } from './pack-source';

/** Why a published pack is not returned, or not published. */
export type PackLibraryCode =
  /** No registry has it, or not for this tenant; the caller cannot distinguish the two. */
  | 'PACK_NOT_FOUND'
  /** The version had another content before. */
  | 'PACK_VERSION_MOVED'
  /** The pack has faults; see the faults. */
  | 'PACK_INVALID'
  /** The pack differs from its artifact's description. */
  | 'PACK_DIGEST_MISMATCH'
  /** A signature to be published does not belong to this pack. */
  | 'PACK_SIGNATURE_INVALID'
  /** No registry accepts packs of this tenant. */
  | 'PACK_PUBLISH_CLOSED';

/** An error of the library. */
export class PackLibraryError extends CodedError<PackLibraryCode> {
  static {
    this.brand('PackLibraryError');
  }

  override readonly name = 'PackLibraryError';
}

/** A registry and its owner. */
export interface RegistryMount {
  readonly registry: PackRegistry;
  /** Tenants that own these packs; `*`: all. */
  readonly tenants: readonly string[];
  /** True if its tenants may publish here. */
  readonly publish: boolean;
}

/** A published pack after reading, with the documents attached to it. */
export interface LibraryPack {
  readonly artifact: PackArtifact;
  readonly pack: PackDescription;
  readonly contentDigest: Digest;
  readonly source: PackSource;
  readonly signatures: readonly Json[];
}

/** Position at which a list ended. */
export interface LibraryPlace {
  readonly registry: string;
  readonly pack: string;
  readonly version: string;
}

const NAMES_AT_ONCE = 100;

/** Like `PackPlanner.describe`. */
type DescribePack = (tenant: TenantId, source: PackSource) => Promise<DescribedPack>;

/** Packs in the configured registries, as one tenant sees them. */
export class PackLibrary {
  constructor(
    private readonly mounts: readonly RegistryMount[],
    private readonly versions: PackVersions,
    /** Reads untrusted packs. */
    private readonly describe: DescribePack = async (_tenant, source) => describePack(source),
  ) {}

  /**
   * The pack that a reference names. The tenant's own registries are searched first, then those of others that show it, in configured
   * order. An unavailable registry is an error and is never skipped, because the next registry could have another pack of that name.
   */
  async resolve(tenant: TenantId, reference: PackReference): Promise<LibraryPack> {
    for (const { registry, tenants } of this.mountsFor(tenant)) {
      const found = registry.find(reference.name, reference);
      // A fault of another tenant's pack would reveal that it exists.
      const artifact = await (isOwnedBy(tenants, tenant) ? found : readable(found));
      if (artifact === null || !isVisibleTo(artifact.facts.tenantVisibility, tenants, tenant)) continue;
      const opened = await this.open(tenant, registry, artifact);
      if (!isVisibleTo(opened.pack.metadata.tenantVisibility, tenants, tenant)) continue;
      const signatures = await registry.signatures(artifact);
      await this.remember(tenant, opened, signatures);
      return { ...opened, signatures };
    }
    const shown = printPackReference(reference);
    throw new PackLibraryError(
      'PACK_NOT_FOUND',
      `no configured registry has ${shown}`,
      'Check the name and the version. List the packs with `taskrunner pack list`.',
    );
  }

  /** The packs that the tenant may run, ordered by registry, name and version. At most `limit`; `next` continues the list. */
  async list(
    tenant: TenantId,
    limit: number,
    after: LibraryPlace | null,
  ): Promise<{ readonly items: readonly PackArtifact[]; readonly next: LibraryPlace | null }> {
    const mounts = this.mountsFor(tenant);
    const start = after === null ? 0 : mounts.findIndex(({ registry }) => registry.name === after.registry);
    const items: PackArtifact[] = [];
    for (const mount of start < 0 ? [] : mounts.slice(start)) {
      const place = after?.registry === mount.registry.name ? after : null;
      for await (const { pack, version } of versionsIn(mount.registry, place)) {
        const artifact = await readable(mount.registry.find(pack, { version, digest: null }));
        if (artifact !== null && isVisibleTo(artifact.facts.tenantVisibility, mount.tenants, tenant))
          items.push(artifact);
        // The position is that of a pack that was shown, so that a cursor reveals no other.
        if (items.length === limit) return { items, next: { registry: mount.registry.name, pack, version } };
      }
    }
    return { items, next: null };
  }

  /** Publishes a pack into the tenant's first registry that accepts packs. Publishing the same pack again only adds new signatures. */
  async publish(
    tenant: TenantId,
    source: PackSource,
    signatures: readonly Json[],
  ): Promise<{ readonly artifact: PackArtifact; readonly isNew: boolean }> {
    const { pack, digest } = described(await this.describe(tenant, source));
    const { name, version, description, tenantVisibility } = pack.metadata;
    for (const signature of signatures) refuseForeign(signature, { name, version, digest });
    const mount = this.mounts.find(({ publish, tenants }) => publish && isOwnedBy(tenants, tenant));
    if (!mount)
      throw new PackLibraryError(
        'PACK_PUBLISH_CLOSED',
        'no registry accepts packs of this tenant',
        'Ask the operator for a registry with publish: true, or push with `taskrunner pack push`.',
      );
    const { registry } = mount;
    const facts: PackFacts = { name, version, contentDigest: digest, description, tenantVisibility };
    const known = await registry.find(name, { version, digest: null });
    if (known !== null && known.facts.contentDigest !== digest) throw moved(name, version);
    const files = packedFiles(source, packFilesOf(source.files));
    const artifact = await registry.publish(facts, { manifest: source.manifest, files });
    for (const signature of signatures) await registry.attach(artifact, signature);
    const all = await registry.signatures(artifact);
    await this.remember(tenant, { artifact, contentDigest: digest }, all);
    return { artifact, isNew: known === null };
  }

  private async open(
    tenant: TenantId,
    registry: PackRegistry,
    artifact: PackArtifact,
  ): Promise<Omit<LibraryPack, 'signatures'>> {
    const { manifest, files } = await registry.archive(artifact);
    const source: PackSource = { manifest, hasLines: true, files, archiveDigest: artifact.archive.digest };
    const { pack, digest } = described(await this.describe(tenant, source));
    const { facts } = artifact;
    const { name, version } = pack.metadata;
    if (name !== facts.name || version !== facts.version || digest !== facts.contentDigest)
      throw new PackLibraryError(
        'PACK_DIGEST_MISMATCH',
        `the pack in ${registry.name} does not match its artifact`,
        'Do not run the pack. Ask its publisher, and check who can write to the registry.',
      );
    return { artifact, pack, contentDigest: digest, source };
  }

  private mountsFor(tenant: TenantId): readonly RegistryMount[] {
    const own = this.mounts.filter(({ tenants }) => isOwnedBy(tenants, tenant));
    return [...own, ...this.mounts.filter((mount) => !own.includes(mount))];
  }

  private async remember(
    tenant: TenantId,
    { artifact, contentDigest: content }: Pick<LibraryPack, 'artifact' | 'contentDigest'>,
    signatures: readonly Json[],
  ): Promise<void> {
    const { name, version } = artifact.facts;
    const { digest, registry } = artifact;
    const first = await this.versions.remember(tenant, {
      name,
      version,
      contentDigest: content,
      digest,
      registry,
      signatures,
    });
    if (first !== content) throw moved(name, version);
  }
}

/** Null for an artifact that is not a pack, or not the named one. A caller who names it gets the reason. */
async function readable(found: Promise<PackArtifact | null>): Promise<PackArtifact | null> {
  try {
    return await found;
  } catch (error) {
    if (isCodedError(error) && error.code.startsWith('PACK_')) return null;
    throw error;
  }
}

function moved(name: string, version: string): PackLibraryError {
  return new PackLibraryError(
    'PACK_VERSION_MOVED',
    `${name}:${version} was published earlier with other content`,
    'Versions are immutable. Publish a new version.',
  );
}

function described(reading: DescribedPack): { readonly pack: PackDescription; readonly digest: Digest } {
  if (reading.kind === 'read' && isPackVersion(reading.pack.metadata.version))
    return { pack: reading.pack, digest: reading.contentDigest };
  const faults = reading.kind === 'read' ? [] : reading.faults;
  const what = reading.kind === 'read' ? 'the version of the pack is too long for a registry' : `it has errors`;
  const help = 'Correct the errors listed in `errors`.';
  throw new PackLibraryError('PACK_INVALID', `the pack cannot be read: ${what}`, help, faults);
}

function refuseForeign(document: Json, pack: { name: string; version: string; digest: Digest }): void {
  const help = 'Sign this pack with `taskrunner pack sign`.';
  let about;
  try {
    about = readPackSignature(document)?.about ?? null;
  } catch (error) {
    if (!isCodedError(error)) throw error;
    throw new PackLibraryError('PACK_SIGNATURE_INVALID', error.message, help, [], { cause: error });
  }
  if (about?.contentDigest !== pack.digest || about.name !== pack.name || about.version !== pack.version)
    throw new PackLibraryError('PACK_SIGNATURE_INVALID', 'a signature does not belong to this pack', help);
}

async function* versionsIn(
  registry: PackRegistry,
  place: LibraryPlace | null,
): AsyncIterable<{ readonly pack: string; readonly version: string }> {
  if (place !== null)
    for (const version of await sortedVersions(registry, place.pack))
      if (version > place.version) yield { pack: place.pack, version };
  let after = place?.pack ?? null;
  for (;;) {
    const packs = await registry.packs(after, NAMES_AT_ONCE);
    for (const pack of packs) for (const version of await sortedVersions(registry, pack)) yield { pack, version };
    after = packs.at(-1) ?? null;
    if (after === null || packs.length < NAMES_AT_ONCE) return;
  }
}

async function sortedVersions(registry: PackRegistry, pack: string): Promise<readonly string[]> {
  return [...(await registry.versions(pack))].sort();
}
