/** A secret as its provider has it. */
export interface ProvidedSecret {
  readonly value: Uint8Array;
  /** The provider's name of this version; null: it has no name, and a keyed digest is used instead. */
  readonly version: string | null;
}

/** Reads secrets. It is called for each attempt; values are kept no longer than the run's driver exists. */
export abstract class SecretProvider {
  /**
   * The secret that `ref` names, now. Throws `SecretError`: `SECRET_UNAVAILABLE` if there is none, `SECRET_FILE_REFUSED`,
   * `SECRET_TOO_LARGE`. Whatever else it throws means `SECRET_UNAVAILABLE` too, and is logged: no message may hold a value.
   */
  abstract read(ref: string): Promise<ProvidedSecret>;
}
