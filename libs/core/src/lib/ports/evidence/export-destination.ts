import type { Digest, TenantId } from '../../foundation/ids';

/** A file on its way to a destination. */
export interface ExportedFile {
  readonly tenant: TenantId;
  /** Below the tenant's folder; parts separated by `/`. */
  readonly name: string;
  readonly digest: Digest;
  readonly size: number;
}

/** A place outside this installation's own stores that evidence is handed over to. */
export abstract class ExportDestination {
  /**
   * Puts a file there, as a whole or not at all. False if the same bytes stand there already: then nothing is written. Other bytes under its
   * name are replaced. Throws `EXPORT_UNAVAILABLE` (worth another try) and `EXPORT_REFUSED`, and what the content throws.
   */
  abstract deliver(file: ExportedFile, content: () => Promise<AsyncIterable<Uint8Array>>): Promise<boolean>;
}

/** A configured destination. */
export interface KnownDestination {
  readonly destination: ExportDestination;
  /** Tenants that may name it; `*` is every tenant. */
  readonly tenants: readonly string[];
}
