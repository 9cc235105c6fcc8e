/** The use of a key that rows are made with, and without which they cannot be read. */
export type KeyUse = 'admission' | 'ledger' | 'journal-mac' | 'sensitive-inputs';

/** Identities of a process's keys, never the keys themselves. */
export interface HeldKeys {
  readonly use: KeyUse;
  /**
   * Fingerprints of public keys, or an identifier derived from a secret key; empty: there is no key. Null: the key does not disclose its
   * identity, and is not compared.
   */
  readonly ids: readonly string[] | null;
  /** Source of the keys, for messages. */
  readonly files: readonly string[];
}

/** Keys that differ from those with which rows were made. */
export interface KeyDifference {
  readonly use: KeyUse;
  /** Required keys that are missing. Empty: the held key is new, and the living workers do not have its public half. */
  readonly needed: readonly string[];
  readonly held: HeldKeys;
}

/** Records of the keys with which rows were made. Writers of rows record them; readers compare them. */
export abstract class KeyRecords {
  /** Records the keys with which a webservice makes rows. Returns those that must not be used because other keys are still needed. */
  abstract ofWebservice(keys: readonly HeldKeys[]): Promise<readonly KeyDifference[]>;
  /** Records the journal key and the public keys, and compares all. Returns those without which this worker would take rows for altered. */
  abstract ofWorker(keys: readonly HeldKeys[]): Promise<readonly KeyDifference[]>;
}
