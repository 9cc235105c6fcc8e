import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';

/** Where a sensitive input belongs: its ciphertext opens nowhere else. */
export interface SensitivePlace {
  readonly runId: RunId;
  readonly name: string;
  readonly planHash: Digest;
}

/** One as the store has it, until the run's evidence is sealed. */
export interface SealedInput {
  readonly name: string;
  readonly sealed: Uint8Array;
}

/** Seals sensitive inputs for the store (webservice) and opens them (worker): authenticated encryption bound to the place. */
export abstract class SensitiveInputs {
  /**
   * Identifies the key without helping to guess it: webservice and workers compare by it whether they have the same. Null: it does not tell, as it
   * is unless an adapter says otherwise.
   */
  get keyid(): string | null {
    return null;
  }

  /** `text`: RFC 8785 of the value. */
  abstract seal(place: SensitivePlace, text: string): Uint8Array;
  /** Null if it does not open here: it was altered, belongs elsewhere, or another key made it. */
  abstract open(place: SensitivePlace, sealed: Uint8Array): Json | null;
  /** A keyed digest of a text that depends on such values: what may be stored of it. */
  abstract digest(tenant: TenantId, text: string): Digest;
}
