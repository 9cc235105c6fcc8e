import type { Fault } from '../../foundation/fault';
import type { Digest } from '../../foundation/ids';
import type { Pack, PackSpec } from '../../pack/model/pack';
import { contentDigest } from '../../pack/pack-digest';
import { readPack } from '../../pack/read-pack';
import { packFilesOf, type PackSource } from './pack-source';

/** A pack without its steps: its identity and what it requires from people who run it. */
export interface PackDescription extends Omit<Pack, 'spec'> {
  readonly spec: Omit<PackSpec, 'steps'>;
}

/** The description of a pack, as data, or all of its faults. */
export type DescribedPack =
  | { readonly kind: 'read'; readonly pack: PackDescription; readonly contentDigest: Digest }
  | { readonly kind: 'refused'; readonly faults: readonly Fault[] };

/** Reads a pack. Pure; never throws because of a pack's content. */
export function describePack(source: PackSource): DescribedPack {
  const files = packFilesOf(source.files);
  const reading = readPack(source.manifest, files);
  if (reading.kind === 'refused') return { kind: 'refused', faults: reading.faults };
  const { spec, ...rest } = reading.pack;
  const { steps: _steps, ...described } = spec;
  return { kind: 'read', pack: { ...rest, spec: described }, contentDigest: contentDigest(reading.pack, files) };
}
