import { isCodedError } from '../../foundation/coded-error';
import type { TenantId } from '../../foundation/ids';
import { MAX_PACK_DEPTH, vendorFolder } from '../../pack/inner-pack';
import { VENDORED } from '../../pack/pack-files';
import { printPackReference, type PackReference } from '../../pack/pack-reference';
import type { LibraryPack } from './pack-library';
import type { PackFile, PackSource } from './pack-source';

/** A published pack for a tenant. `signatures` and similar members are for verifying it. */
export type ResolvePack = (tenant: TenantId, reference: PackReference) => Promise<LibraryPack>;

/** Like `PackPlanner.uses`. */
export type UsesOfPack = (tenant: TenantId, source: PackSource) => Promise<readonly PackReference[]>;

/** Dependencies for adding published packs. */
interface InnerPackDependencies {
  /** Null: there is no registry. */
  readonly resolve: ResolvePack | null;
  /** Reads untrusted packs. Nothing else here does. */
  readonly uses: UsesOfPack;
}

/** A pack together with the published packs that it uses. */
interface EmbeddedSource {
  /** The files for planning. */
  readonly source: PackSource;
  /** Files of the published packs. They are stored with those of the pack, but are not part of it. */
  readonly published: readonly PackFile[];
  /** The published packs, without duplicates. */
  readonly packs: readonly LibraryPack[];
}

/** Maximum number of published packs that one pack may use, directly or indirectly. All of them are fetched before planning. */
const MAX_PACKS = 100;

/**
 * Fetches the published packs that a pack uses (`pack:<name>:<version>`), and those that they use, until no new pack is named or the
 * nesting is too deep. Unknown packs and cycles are left to the planner, which knows the position of the reference. An unavailable registry
 * is an error. A caller's files under the folder of published packs are never taken for a published pack. Rejects like the dependencies.
 */
export async function embedInnerPacks(
  tenant: TenantId,
  source: PackSource,
  { resolve, uses }: InnerPackDependencies,
): Promise<EmbeddedSource> {
  const bare = ownOf(source);
  const packs = new Map<string, LibraryPack>();
  const asked = new Set<string>();
  let level: readonly PackSource[] = resolve === null ? [] : [bare];
  for (let depth = 1; resolve !== null && level.length > 0 && depth <= MAX_PACK_DEPTH; depth++) {
    const below: PackSource[] = [];
    // Most packs use none, so they are not read twice.
    for (const user of level.filter(mayUsePacks))
      for (const reference of await uses(tenant, user)) {
        const shown = printPackReference(reference);
        if (asked.has(shown) || asked.size === MAX_PACKS) continue;
        asked.add(shown);
        const found = await orNull(resolve(tenant, reference));
        if (found === null) continue;
        packs.set(vendorFolder(reference), found);
        below.push(ownOf(found.source));
      }
    level = below;
  }
  const published = [...packs].flatMap(([folder, pack]) => filesOf(pack, folder));
  if (published.length === 0) return { source: bare, published, packs: [] };
  return { source: { ...bare, files: [...bare.files, ...published] }, published, packs: [...packs.values()] };
}

/** Removes files under the folder of published packs. */
function ownOf(source: PackSource): PackSource {
  const own = source.files.filter(({ path }) => !path.startsWith(VENDORED));
  return own.length === source.files.length ? source : { ...source, files: own };
}

function mayUsePacks({ manifest, files }: PackSource): boolean {
  return manifest.includes('pack:') || files.some(({ path }) => path.endsWith('/pack.yaml'));
}

/** Null for a pack that no registry has. */
async function orNull(asked: Promise<LibraryPack>): Promise<LibraryPack | null> {
  try {
    return await asked;
  } catch (error) {
    if (isCodedError(error) && error.code === 'PACK_NOT_FOUND') return null;
    throw error;
  }
}

function filesOf({ source }: LibraryPack, folder: string): readonly PackFile[] {
  const kept = ownOf(source).files.filter(({ path }) => path !== 'pack.yaml');
  const manifest = { path: 'pack.yaml', bytes: new TextEncoder().encode(source.manifest), executable: false };
  return [manifest, ...kept].map((file) => ({ ...file, path: `${folder}${file.path}` }));
}
