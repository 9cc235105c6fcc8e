import type { Digest } from '../foundation/ids';
import type { Json } from '../foundation/json';
import type { Subject } from '../foundation/principal';

/** The document that is approved (docs/guides/approvals.md, What you approve). It is journaled; its RFC 8785 digest is the gate digest. Exact shape: docs/predicates/records.md. */
export interface GateRequest {
  readonly schema: 'taskrunner.gate-request.v1';
  readonly runId: string;
  readonly tenant: string;
  readonly gate: string;
  readonly label: string | null;
  readonly planHash: Digest;
  readonly profileDigest: Digest;
  readonly admissionDigest: Digest;
  readonly requirement: {
    readonly approval: string;
    readonly grants: readonly string[];
    readonly minApprovals: number;
    readonly selfApproval: boolean;
    readonly proof: 'service' | 'token' | 'key';
    /** ISO 8601 duration. */
    readonly maxAuthAge: string | null;
    readonly reasonRequired: boolean;
    readonly formDigest: Digest | null;
    /** Programs that may act for a person who decides (RFC 8693); absent: none. */
    readonly actors?: readonly Subject[];
  };
  /**
   * Null for a gate without a policy. Otherwise the verdict, which an approval overrides: `{id, level, allow, undecided, reasons[], engine,
   * digest}`. Requests of earlier versions have no `id` and no `level`.
   */
  readonly policy: Json;
  readonly message: string;
  readonly showDigest: Digest;
  /**
   * Digests of everything fixed that a step behind the gate can read: a step's result by its id, the previous iteration by its item,
   * `inputs(<pack>)` of an inner pack around the gate, and `failed(<scope>)`, the failed steps of a scope.
   */
  readonly reads: { readonly [read: string]: Digest };
  /** Digest of the item that the gate is in. If there are several, of the list of them, the outermost first. */
  readonly item: Digest | null;
  readonly secrets: readonly { readonly name: string; readonly version: string }[];
  /** The steps that wait for it. */
  readonly opens: readonly string[];
  readonly notApplied: readonly string[];
  readonly nonce: string;
  readonly openedAt: string;
  readonly expiresAt: string;
  readonly executeBy: string;
}
