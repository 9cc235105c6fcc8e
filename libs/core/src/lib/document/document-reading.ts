import { type Fault, sortFaults } from '../foundation/fault';
import type { Json } from '../foundation/json';
import { type DocumentFaultCode, type Finding, REMEDIES } from './document-fault';
import type { LineIndex } from './line-index';
import type { Position } from './position';

/** A document that was read: its value, and where each part of it stands. */
export interface ReadDocument {
  readonly kind: 'read';
  readonly value: Json;
  /** The text that was read, without a byte order mark. */
  readonly text: string;
  /** Where the value at a JSON pointer begins; for what is not there, its nearest surroundings. */
  readonly positionOf: (pointer: string) => Position;
  /** Where the key of an object's entry begins; for list items and what is not there, as `positionOf`. */
  readonly keyPositionOf: (pointer: string) => Position;
}

/** A document that was read, or everything that is wrong with it, in the order of position, at most 1 000. */
export type DocumentReading =
  | ReadDocument
  | {
      readonly kind: 'refused';
      readonly faults: readonly Fault[];
      /** What can be read in spite of the faults, so that all that is wrong can be told at once; absent where not even the syntax holds. */
      readonly partial?: ReadDocument;
    };

/** The refusal of what was found, each at its place. */
export function refused(findings: readonly Finding[], lines: LineIndex): Extract<DocumentReading, { kind: 'refused' }> {
  const faults = findings.map(({ code, path, offset, message }): Fault & { readonly code: DocumentFaultCode } => {
    return { code, path, ...lines.positionAt(offset), message, remediation: REMEDIES[code] };
  });
  return { kind: 'refused', faults: sortFaults(faults) };
}

/** Where each part of a document stands. */
export type Places = Pick<ReadDocument, 'positionOf' | 'keyPositionOf'>;

/** Places by offsets into the text, of what a JSON pointer names and of its key. */
export function placesBy(lines: LineIndex, find: (pointer: string) => { key: number; value: number }): Places {
  return {
    positionOf: (pointer) => lines.positionAt(find(pointer).value),
    keyPositionOf: (pointer) => lines.positionAt(find(pointer).key),
  };
}
