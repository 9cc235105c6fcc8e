/** Something that makes a schema unusable. */
export interface SchemaFault {
  /** RFC 6901 place in the schema. */
  readonly pointer: string;
  /** True if the name of the member at that place is wrong, false if its value is. */
  readonly atKey: boolean;
  /** The fault as a sentence without its full stop. */
  readonly message: string;
  /** Remedy; null: nothing better than `write a schema`. */
  readonly remediation: string | null;
}

/** Maximum number of reported faults of one schema. */
export const MAX_SCHEMA_FAULTS = 20;

/** The faults of one schema. */
export class SchemaFaults {
  readonly found: SchemaFault[] = [];

  add(pointer: string, message: string, remediation: string | null = null): void {
    this.put({ pointer, atKey: false, message, remediation });
  }

  addAtKey(pointer: string, message: string, remediation: string | null = null): void {
    this.put({ pointer, atKey: true, message, remediation });
  }

  private put(fault: SchemaFault): void {
    if (this.found.length < MAX_SCHEMA_FAULTS) this.found.push(fault);
  }
}
