import { type Fault, sortFaults } from '../foundation/fault';
import type { Json } from '../foundation/json';
import { type DocumentFaultCode, type Finding, REMEDIES } from './document-fault';
import type { LineIndex } from './line-index';
import type { Position } from './position';

/** A document that was read: its value and the position of each part. */
export interface ReadDocument {
  readonly kind: 'read';
  readonly value: Json;
  /** The text that was read, without a byte order mark. */
  readonly text: string;
  /** Position of the value at a JSON pointer. If nothing is there, the position of the nearest surrounding value. */
  readonly positionOf: (pointer: string) => Position;
  /** Position of the key of an object's entry. For list items and missing values, the same as `positionOf`. */
  readonly keyPositionOf: (pointer: string) => Position;
}

/** A document that was read, or its faults ordered by position, at most 1 000. */
export type DocumentReading =
  | ReadDocument
  | {
      readonly kind: 'refused';
      readonly faults: readonly Fault[];
      /** The parts that can be read in spite of the faults, so that all errors can be reported together. Absent if the syntax is broken. */
      readonly partial?: ReadDocument;
    };

/** The faults, each with its position. */
export function refused(findings: readonly Finding[], lines: LineIndex): Extract<DocumentReading, { kind: 'refused' }> {
  const faults = findings.map(
    ({ code, path, offset, message, remediation = REMEDIES[code] }): Fault & { readonly code: DocumentFaultCode } => {
      return { code, path, ...lines.positionAt(offset), message, remediation };
    },
  );
  return { kind: 'refused', faults: sortFaults(faults) };
}

/** Positions of the parts of a document. */
export type Places = Pick<ReadDocument, 'positionOf' | 'keyPositionOf'>;

/** Offsets in the text of the value that a JSON pointer names, and of its key. */
export function placesBy(lines: LineIndex, find: (pointer: string) => { key: number; value: number }): Places {
  return {
    positionOf: (pointer) => lines.positionAt(find(pointer).value),
    keyPositionOf: (pointer) => lines.positionAt(find(pointer).key),
  };
}
