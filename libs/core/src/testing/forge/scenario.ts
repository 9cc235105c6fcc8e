import type { DecisionRecord, AdmissionRecord, ResolutionRecord } from '../../lib/evidence/records/documents';
import type { StepId } from '../../lib/foundation/ids';
import type { Json, JsonObject } from '../../lib/foundation/json';
import type { DecisionKind } from '../../lib/gate/gate-state';
import type { PlanIndex } from '../../lib/plan/plan-index';
import type { PlanConfiguration } from '../../lib/plan/plan-request';
import type { Environment } from '../../lib/plan/profile';
import type { Fact } from '../../lib/run/run-event';

/** Behaviour of one execution of a step. */
export interface Act {
  /** Its outputs; none with `fails`. */
  readonly outputs?: Json;
  readonly fails?: { readonly code: string; readonly message: string; readonly exitCode: number | null };
  /** Its worker is lost with it, so its effect is unknown. */
  readonly isLost?: boolean;
  readonly lines?: readonly string[];
  readonly artifacts?: readonly { readonly name: string; readonly path: string; readonly text: string }[];
  /** Programs that it ran. */
  readonly tools?: readonly string[];
  /** Its input files. */
  readonly materials?: readonly { readonly path: string; readonly text: string }[];
  /** Hosts to which it tried to connect. */
  readonly reaches?: readonly string[];
}

/** One person's decision at a gate. */
export interface Said {
  readonly sub: string;
  readonly decision?: DecisionKind;
  readonly reason?: string;
  readonly response?: Json;
  readonly grants?: readonly string[];
}

/** A pack and a run of it: everything that determines the course of the run. The same scenario gives the same bytes. */
export interface Scenario {
  readonly name: string;
  /** Text of the manifest. */
  readonly pack: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly inputs?: JsonObject;
  readonly environment?: Partial<Environment>;
  readonly configuration?: Partial<PlanConfiguration>;
  /** Values of secrets, by name. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Values of sensitive inputs, by name; they are among `inputs` too. */
  readonly sensitive?: Readonly<Record<string, string>>;
  /** Publishers who signed the pack. */
  readonly publishers?: number;
  /** A remote Attestor signs a verification summary too. */
  readonly hasSummary?: boolean;
  /** Number of entries after which its drivers write a snapshot. */
  readonly snapshotEntries?: number;
  /** What steps do, by their plan node (`apply`) or instance (`each[0]::apply`). */
  readonly acts?: Readonly<Record<string, Act | ((execution: number) => Act)>>;
  /** Decisions at gates, by instance or plan node; without an entry two people approve. */
  readonly people?: Readonly<Record<string, readonly Said[]>>;
  /** The step at whose gate the run is cancelled. */
  readonly cancelsAt?: string;
  /** How a step that needs attention is resolved. */
  readonly resolves?: Readonly<
    Record<string, { readonly outcome: 'succeeded' | 'failed' | 'retry'; readonly outputs: Json }>
  >;
  /** Texts that the final scan treats as secrets. */
  readonly withholds?: RegExp;
  /** The original run, repeated from `failed` or a step on. */
  readonly again?: { readonly of: Scenario; readonly from: string };
  readonly ends: 'succeeded' | 'failed' | 'cancelled';
}

/**
 * Deviations of a run from its scenario: what a holder of keys does while the run is active. All others are honest, so the result is
 * consistent. The run may end otherwise than its scenario says.
 */
export interface Lies {
  /** The worker says that a step did something else. */
  readonly act?: (step: StepId, act: Act) => Act;
  /** The worker adds or changes what it reports beside. */
  readonly fact?: (fact: Fact) => Fact;
  /** The worker answers what the run asks from another plan than the one that was admitted. */
  readonly plan?: (index: PlanIndex) => void;
  /** The worker names another build or another probe of itself. */
  readonly probe?: (document: JsonObject) => JsonObject;
  readonly worker?: { readonly name?: string; readonly version?: string; readonly build?: string };
  /** Milliseconds that the worker's clock goes wrong. */
  readonly late?: number;
  /** The ledger key signs another decision than the person made; null: none. */
  readonly decision?: (record: DecisionRecord, place: number) => DecisionRecord | null;
  readonly resolution?: (record: ResolutionRecord) => ResolutionRecord;
  /** The admission key signs another record. */
  readonly admission?: (record: AdmissionRecord) => AdmissionRecord;
  /**
   * `kept`: people have signed nothing else than they did in the honest run. `anew`: they decide on what they are shown now.
   * Without it: `kept`.
   */
  readonly decisions?: 'kept' | 'anew';
}
