import { allSteps } from '../../pack/check-steps';
import { filesBelow, innerFolder, MAX_PACK_DEPTH, parseInnerReference, usesPack } from '../../pack/inner-pack';
import type { Pack } from '../../pack/model/pack';
import type { PackFiles } from '../../pack/pack-files';
import { printPackReference, type PackReference } from '../../pack/pack-reference';
import { readPack } from '../../pack/read-pack';
import { packFilesOf, type PackSource } from './pack-source';

/**
 * The published packs that a pack and the packs in its folders name (`pack:<name>:<version>`), without duplicates. Of a faulty pack the
 * readable parts count; planning reports its faults. Pure; never throws because of a pack.
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

/** A pack among the files of another one. For the folder see `innerFolder`. */
interface InnerFolder {
  readonly folder: string;
  readonly manifest: string | Uint8Array;
  readonly files: PackFiles;
}

function usesIn({ manifest, files }: InnerFolder): readonly string[] {
  const reading = readPack(manifest, files);
  // Planning checks the readable parts of a faulty pack, which need their published packs too.
  const read = reading.kind === 'read' ? reading : reading.partial?.read;
  return read === undefined ? [] : packsUsedBy(read.pack);
}

function packsUsedBy(pack: Pack): readonly string[] {
  return allSteps(pack).flatMap(({ body }) => (body.kind === 'run' && usesPack(body.uses) ? [body.uses] : []));
}
