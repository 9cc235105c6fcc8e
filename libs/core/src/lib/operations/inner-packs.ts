import { isCodedError } from '../foundation/coded-error';
import type { TenantId } from '../foundation/ids';
import { allSteps } from '../pack/check-steps';
import { filesBelow, innerFolder, parseInnerReference, usesPack, vendorFolder } from '../pack/inner-pack';
import { VENDORED, type PackFiles } from '../pack/pack-files';
import { printPackReference, type PackReference } from '../pack/pack-reference';
import type { Pack } from '../pack/pack';
import { readPack } from '../pack/read-pack';
import type { LibraryPack } from './pack-library';
import { packFilesOf, type PackFile, type PackSource } from './pack-source';

/** A published pack as a tenant gets it; `signatures` and the like are for those who judge it. */
export type ResolvePack = (tenant: TenantId, reference: PackReference) => Promise<LibraryPack>;

/** A pack with the published packs that it uses laid among its files. */
export interface LaidSource {
  /** What is planned. */
  readonly source: PackSource;
  /** Files of the published packs: stored with those of the pack itself, and no part of it. */
  readonly published: readonly PackFile[];
  /** The published packs, each once. */
  readonly packs: readonly LibraryPack[];
}

/** Most published packs that one pack may use, directly or not: each is fetched before anything is planned. */
const MAX_PACKS = 100;

/**
 * Fetches the published packs that a pack uses (`pack:<name>:<version>`), and those that they use. What no registry has is left to the
 * planner, which knows where it is named; a registry that is away is an error. Files that a caller sends under the folder of published
 * packs are never taken for one.
 */
export async function layInnerPacks(
  tenant: TenantId,
  source: PackSource,
  resolve: ResolvePack | null,
): Promise<LaidSource> {
  const own = source.files.filter(({ path }) => !path.startsWith(VENDORED));
  const bare = own.length === source.files.length ? source : { ...source, files: own };
  const packs = new Map<string, LibraryPack>();
  const published: PackFile[] = [];
  const seen = new Set<string>();
  const asked = new Set<string>();
  const waiting: { readonly pack: Pack; readonly files: PackFiles; readonly folder: string }[] = [];
  // Each pack is read once, however often it is used.
  const queue = (folder: string, manifest: string | Uint8Array | null, files: PackFiles): void => {
    if (seen.has(folder)) return;
    seen.add(folder);
    const reading = manifest === null ? null : readPack(manifest, files);
    if (reading?.kind === 'read') waiting.push({ pack: reading.pack, files, folder });
  };
  // Most packs use none: they are not read twice.
  if (resolve !== null && mayUsePacks(source)) queue('', source.manifest, packFilesOf(own));
  for (let next = waiting.pop(); next !== undefined && resolve !== null; next = waiting.pop()) {
    for (const uses of usesIn(next.pack)) {
      const named = parseInnerReference(uses);
      if (named.kind === 'path') {
        const inner = filesBelow(next.files, innerFolder('', uses));
        queue(innerFolder(next.folder, uses), inner.read('pack.yaml'), inner);
      }
      if (named.kind !== 'registry') continue;
      const shown = printPackReference(named.reference);
      if (asked.has(shown) || asked.size === MAX_PACKS) continue;
      asked.add(shown);
      const found = await orNull(resolve(tenant, named.reference));
      if (found === null) continue;
      packs.set(shown, found);
      published.push(...filesOf(found, vendorFolder(named.reference)));
      queue(vendorFolder(named.reference), found.source.manifest, packFilesOf(found.source.files));
    }
  }
  if (published.length === 0) return { source: bare, published, packs: [] };
  return { source: { ...bare, files: [...own, ...published] }, published, packs: [...packs.values()] };
}

function usesIn(pack: Pack): readonly string[] {
  return allSteps(pack).flatMap(({ body }) => (body.kind === 'run' && usesPack(body.uses) ? [body.uses] : []));
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
  const kept = source.files.filter(({ path }) => !path.startsWith(VENDORED) && path !== 'pack.yaml');
  const manifest = { path: 'pack.yaml', bytes: new TextEncoder().encode(source.manifest), executable: false };
  return [manifest, ...kept].map((file) => ({ ...file, path: `${folder}${file.path}` }));
}
