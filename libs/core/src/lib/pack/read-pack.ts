import type { ReadDocument } from '../document/document-reading';
import { readDocument } from '../document/read-document';
import { type Fault, sortFaults } from '../foundation/fault';
import { checkFiles } from './check-files';
import { checkNames } from './check-names';
import { checkRunner } from './check-runner';
import { allSteps, checkSteps } from './check-steps';
import { type UnreadableRegions, unreadableRegionsOf } from './unreadable-regions';
import type { Pack } from './model/pack';
import { NO_FILES, type PackFiles } from './pack-files';
import { manifest } from './shapes/pack-shapes';
import { type Location, Reading } from './reading/reading';

/** A pack after reading. */
export interface ReadPack {
  readonly kind: 'read';
  readonly pack: Pack;
  /** Position of a part of the normalised manifest in the received document; `key`: the position of its key. */
  readonly locate: (pointer: string, key?: boolean) => Location;
}

/** The readable parts of a faulty pack. Unreadable parts are blank and listed. */
interface PartialPack {
  readonly read: ReadPack;
  readonly unreadable: UnreadableRegions;
}

/** A pack, or all of its faults ordered by position, at most 1 000. */
export type PackReading =
  | ReadPack
  | { readonly kind: 'refused'; readonly faults: readonly Fault[]; readonly partial?: PartialPack };

/**
 * Reads a manifest and runs all checks that need neither inputs nor an environment: fields, formats, ids, needs, names, files. A faulty
 * field disables only the checks that need it. Never throws because of a pack's content.
 */
export function readPack(source: ReadDocument | string | Uint8Array, files: PackFiles = NO_FILES): PackReading {
  const isUnread = typeof source === 'string' || source instanceof Uint8Array;
  const received = isUnread ? readDocument(source, { refusesNul: true }) : source;
  const unread = received.kind === 'refused' ? received.faults : [];
  const document = received.kind === 'refused' ? received.partial : received;
  if (document === undefined || unread.length >= 1_000) return { kind: 'refused', faults: unread };
  const reading = new Reading(document, unread.map(({ path }) => path)); // prettier-ignore
  const pack = manifest.read({ value: document.value, at: '' }, '', reading);
  checkSteps(pack, reading);
  checkNames(pack, reading);
  checkFiles(pack, files, reading);
  checkRunner(pack, reading);
  const faults = [...unread, ...reading.faults];
  const read: ReadPack = { kind: 'read', pack, locate: (pointer, key = false) => reading.locate(pointer, key) };
  if (faults.length === 0) return read;
  const steps = new Set(allSteps(pack).map((step) => step.at));
  return {
    kind: 'refused',
    faults: sortFaults(faults),
    partial: { read, unreadable: unreadableRegionsOf(reading.unknown, steps) },
  };
}
