import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';

/** The run, name and plan hash of a sensitive input. Its ciphertext can be decrypted only with these. */
export interface SensitivePlace {
  readonly runId: RunId;
  readonly name: string;
  readonly planHash: Digest;
}

/** A stored sensitive input. It is deleted when the run's evidence is sealed. */
export interface SealedInput {
  readonly name: string;
  readonly sealed: Uint8Array;
}

/**
 * Encrypts sensitive inputs for the store (webservice) and decrypts them (worker): authenticated encryption, bound to run, name and plan
 * hash.
 */
export abstract class SensitiveInputs {
  /**
   * Identifies the key without helping to guess it. Webservice and workers compare it to check that they have the same key. Null, the
   * default: the key does not disclose its identity.
   */
  get keyid(): string | null {
    return null;
  }

  /** `text`: RFC 8785 of the value. */
  abstract seal(place: SensitivePlace, text: string): Uint8Array;
  /** Null if it cannot be decrypted here: it was altered, belongs to another run or input, or was made with another key. */
  abstract open(place: SensitivePlace, sealed: Uint8Array): Json | null;
  /** A keyed digest of a text that depends on such values, which may be stored instead of the text. */
  abstract digest(tenant: TenantId, text: string): Digest;
}
