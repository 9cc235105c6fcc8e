import type { Digest, TenantId } from '../../foundation/ids';

/** A file for a destination. */
export interface ExportedFile {
  readonly tenant: TenantId;
  /** Path below the tenant's folder; parts separated by `/`. */
  readonly name: string;
  readonly digest: Digest;
  readonly size: number;
}

/** A place outside of this installation's own stores to which evidence is delivered. */
export abstract class ExportDestination {
  /**
   * Stores a file, completely or not at all. False if the same bytes are already there; nothing is written then. Other bytes under its name
   * are replaced. Throws `EXPORT_UNAVAILABLE` (a retry may succeed) and `EXPORT_REFUSED`, and errors of the content.
   */
  abstract deliver(file: ExportedFile, content: () => Promise<AsyncIterable<Uint8Array>>): Promise<boolean>;
}

/** A configured destination. */
export interface KnownDestination {
  readonly destination: ExportDestination;
  /** Tenants that may name it; `*` is every tenant. */
  readonly tenants: readonly string[];
}
