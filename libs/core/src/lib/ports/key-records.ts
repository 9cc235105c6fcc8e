/** What a key is for that rows are made with, and without which they cannot be read. */
export type KeyUse = 'admission' | 'ledger' | 'journal-mac' | 'sensitive-inputs';

/** Keys as a process has them. Never the keys themselves. */
export interface HeldKeys {
  readonly use: KeyUse;
  /**
   * Fingerprints of public keys, or the identifier that is derived from a secret one; empty: it has none. Null: the key does not tell, and is
   * not compared.
   */
  readonly ids: readonly string[] | null;
  /** Where they are read from, for messages. */
  readonly files: readonly string[];
}

/** Keys that differ from those with which rows were made. */
export interface KeyDifference {
  readonly use: KeyUse;
  /** What is needed, and not there. Empty: what is held is new, and the workers that live do not have its public half. */
  readonly needed: readonly string[];
  readonly held: HeldKeys;
}

/** Which keys rows were made with: recorded by who makes them, compared by who reads them. */
export abstract class KeyRecords {
  /** Records the keys that a webservice makes rows with. Yields those that must not be used: others are needed still. */
  abstract ofWebservice(keys: readonly HeldKeys[]): Promise<readonly KeyDifference[]>;
  /** Records the key of the journal and the public keys, and compares all. Yields those without which this worker would take rows for altered. */
  abstract ofWorker(keys: readonly HeldKeys[]): Promise<readonly KeyDifference[]>;
}
