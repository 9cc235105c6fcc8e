import type { Check, Report, Section } from '@taskrunner/core/evidence';
import type { Fault } from '@taskrunner/core/foundation';

// What a page and the worker that verifies say to each other. Types only: a page loads nothing of core.

/** What a bundle is verified against. */
export interface Terms {
  /** A trust file (`taskrunner.trust.v1`); null: nobody is trusted. */
  readonly trust: { readonly name: string; readonly text: string } | null;
  /** Accepts evidence that was made with the development Authority. */
  readonly allowDev: boolean;
  /** Accepts evidence of a run without a server, which was made under a local Authority. */
  readonly allowLocal: boolean;
  /** The run that the bundle must be of; null: any. */
  readonly run: string | null;
  /** The plan hash that the bundle must have; null: any. */
  readonly plan: string | null;
}

/** A bundle that was read. */
export interface BundleFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** `sha256:…` of the file. */
  readonly sha256: string;
}

/** What came out. */
export interface Findings {
  readonly bundle: BundleFile;
  /** As `verify --json` prints it; null if there is no trust file, or it is refused. */
  readonly verification: {
    readonly ok: boolean;
    readonly run: string | null;
    readonly planHash: string | null;
    readonly checks: readonly Check[];
  } | null;
  /** The checks that need nobody's trust; null if there is a verification. */
  readonly contents: readonly Check[] | null;
  /** Checks that were not made. */
  readonly unmade: readonly string[];
  /** Why the file is no bundle; null if it is one. */
  readonly refusal: { readonly what: string; readonly remediation: string } | null;
  /** Faults of the trust file. */
  readonly trustFaults: readonly Fault[];
  /** Engines of policies that this verifier does not have. */
  readonly missingEngines: readonly string[];
  readonly report: Report;
  /** The report for an auditor, laid out. */
  readonly sections: readonly Section[];
}

/** A page asks; the worker answers each request with the same `id`, in their order. */
export type Request =
  | { readonly id: number; readonly kind: 'open'; readonly name: string; readonly bytes: ArrayBuffer }
  | { readonly id: number; readonly kind: 'verify'; readonly terms: Terms }
  | { readonly id: number; readonly kind: 'write' };

/** `ready`: everything is loaded, and the worker needs no network any more. */
export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'opened'; readonly id: number; readonly bundle: BundleFile }
  | { readonly kind: 'verified'; readonly id: number; readonly findings: Findings }
  | { readonly kind: 'written'; readonly id: number; readonly html: string }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };
