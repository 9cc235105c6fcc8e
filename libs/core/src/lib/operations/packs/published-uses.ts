import { allSteps } from '../../pack/check-steps';
import { filesBelow, innerFolder, MAX_PACK_DEPTH, parseInnerReference, usesPack } from '../../pack/inner-pack';
import type { Pack } from '../../pack/model/pack';
import type { PackFiles } from '../../pack/pack-files';
import { printPackReference, type PackReference } from '../../pack/pack-reference';
import { readPack } from '../../pack/read-pack';
import { packFilesOf, type PackSource } from './pack-source';

/**
 * The published packs that a pack and the packs in its folders name (`pack:<name>:<version>`), each once. A faulty pack names
 * what of it could be read: planning says what is wrong with it. Pure; never throws for a pack.
 */
export function publishedUses({ manifest, files }: PackSource): readonly PackReference[] {
  const named = new Map<string, PackReference>();
  const seen = new Set<string>();
  let level: readonly InnerFolder[] = [{ folder: '', manifest, files: packFilesOf(files) }];
  for (let depth = 0; level.length > 0 && depth <= MAX_PACK_DEPTH; depth++) {
    const below: InnerFolder[] = [];
    for (const here of level)
      for (const uses of usesIn(here)) {
        const reference = parseInnerReference(uses);
        if (reference.kind === 'registry') named.set(printPackReference(reference.reference), reference.reference);
        const folder = innerFolder(here.folder, uses);
        if (reference.kind !== 'path' || seen.has(folder)) continue;
        seen.add(folder);
        const inner = filesBelow(here.files, innerFolder('', uses));
        const bytes = inner.read('pack.yaml');
        if (bytes !== null) below.push({ folder, manifest: bytes, files: inner });
      }
    level = below;
  }
  return [...named.values()];
}

/** A pack among the files of another; the folder as of `innerFolder`. */
interface InnerFolder {
  readonly folder: string;
  readonly manifest: string | Uint8Array;
  readonly files: PackFiles;
}

function usesIn({ manifest, files }: InnerFolder): readonly string[] {
  const reading = readPack(manifest, files);
  // Planning looks at what of a faulty pack could be read: also for that they are at hand.
  const read = reading.kind === 'read' ? reading : reading.partial?.read;
  return read === undefined ? [] : packsUsedBy(read.pack);
}

function packsUsedBy(pack: Pack): readonly string[] {
  return allSteps(pack).flatMap(({ body }) => (body.kind === 'run' && usesPack(body.uses) ? [body.uses] : []));
}
