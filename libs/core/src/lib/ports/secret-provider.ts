/** A secret as its provider has it. */
export interface ProvidedSecret {
  readonly value: Uint8Array;
  /** What the provider calls this version of it; null: it has no name for it, and a keyed digest stands for it. */
  readonly version: string | null;
}

/** Where secrets are kept. Asked at each attempt; what it gives is kept no longer than the run's driver lives. */
export abstract class SecretProvider {
  /**
   * The secret that `ref` names, now. Throws `SecretError`: `SECRET_UNAVAILABLE` if there is none, `SECRET_FILE_REFUSED`,
   * `SECRET_TOO_LARGE`. Whatever else it throws means `SECRET_UNAVAILABLE` too, and is logged: no message may hold a value.
   */
  abstract read(ref: string): Promise<ProvidedSecret>;
}
