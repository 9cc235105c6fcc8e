/** A secret as its provider has it. */
export interface ProvidedSecret {
  readonly value: Uint8Array;
  /** The provider's name of this version; null: it has no name, and a keyed digest is used instead. */
  readonly version: string | null;
}

/** Reads secrets. It is called for each attempt; values are kept no longer than the run's driver exists. */
export abstract class SecretProvider {
  /**
   * The current value of the secret that `ref` names. Throws `SecretError`: `SECRET_UNAVAILABLE` if there is none, `SECRET_FILE_REFUSED`,
   * `SECRET_TOO_LARGE`.
   */
  abstract read(ref: string): Promise<ProvidedSecret>;
}
