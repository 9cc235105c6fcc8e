import type { PackFiles } from '../../pack/pack-files';
import { readPack, type PackReading, type ReadPack } from '../../pack/read-pack';

/** Limits of the cache. Their memory is that of the planning thread, so they are small. Packs with files are read each time. */
const KEPT = 16;
const CHARACTERS = 16 * 1024;

/**
 * Keeps packs that were read, because runs of one pack have inputs of their own. Reading is pure and nothing changes a pack, so a plan of a kept
 * pack equals a new one. Each tenant has packs of its own, so that response times do not reveal what others run.
 */
export class KnownPacks {
  private readonly known = new Map<string, ReadPack>();

  read(tenant: string, manifest: string, files: PackFiles): PackReading {
    if (manifest.length > CHARACTERS || files.paths().length > 0) return readPack(manifest, files);
    // No name of a tenant contains NUL.
    const key = `${tenant}\0${manifest}`;
    const reading = this.known.get(key) ?? readPack(manifest, files);
    if (reading.kind === 'refused') return reading;
    // The most recently used pack is last.
    this.known.delete(key);
    this.known.set(key, reading);
    if (this.known.size > KEPT) this.known.delete(this.known.keys().next().value as string);
    return reading;
  }
}
