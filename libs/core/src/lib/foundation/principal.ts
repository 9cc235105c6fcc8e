import type { TenantId } from './ids';

/** Identity of a person or client at an issuer (OpenID Connect `iss`, `sub`). */
export interface Subject {
  readonly iss: string;
  readonly sub: string;
}

/** A subject and whether it is a human. */
export interface Actor extends Subject {
  readonly kind: 'person' | 'client';
}

/** Scopes of the API, after the published aliases are mapped. */
export type Scope = 'packs.read' | 'packs.run' | 'packs.approve' | 'packs.write' | 'packs.admin';

/** The caller of a request according to its token. */
export interface Principal extends Actor {
  readonly tenant: TenantId;
  /** Display name; no decision depends on it. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Grants carried by the configured claim, such as `role:sec-lead`. */
  readonly grants: readonly string[];
  /** Every `act` in the token, outermost first (RFC 8693). */
  readonly actors: readonly Actor[];
  /** Time of the person's last authentication, milliseconds since the epoch; null for clients. */
  readonly authTimeMs: number | null;
  readonly acr: string | null;
}

/** True for a text that can name a subject: it is not empty, and every store, log and signed document can hold it. */
export function isSubjectName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0') && value.isWellFormed();
}

/** True if two subjects are the same person or client. */
export function sameSubject(a: Subject, b: Subject): boolean {
  return a.iss === b.iss && a.sub === b.sub;
}
