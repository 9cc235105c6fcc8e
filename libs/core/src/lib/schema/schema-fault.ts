/** Something that makes a schema unusable. */
export interface SchemaFault {
  /** RFC 6901 place in the schema. */
  readonly pointer: string;
  /** Whether it is the name of the member at that place that is wrong, not its value. */
  readonly atKey: boolean;
  /** What is wrong, as a sentence without its full stop. */
  readonly message: string;
  /** What to do; null: nothing better than `write a schema`. */
  readonly remediation: string | null;
}

/** Most faults of one schema that are told. */
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
