import type { RefusalSetting } from './audit/refusal-loop';
import type {
  CollectableObjectStore,
  PackTrustPolicy,
  PlanningLimits,
  PlanningSetting,
  Shelf,
  Subject,
  UploadLimits,
} from '@taskrunner/core';
import type { PackLimits } from './plans/pack-sources';
import type { BodyLimits } from './requests/body-limits';

/** What the webservice is told at its start; `main.ts` makes it from the configuration file. */
export interface WebserviceConfiguration {
  readonly http: {
    /** Address to listen on. */
    readonly host: string;
    /** 0 takes a free one. */
    readonly port: number;
    readonly healthPort: number;
    /** How others reach the API; null: `http://<host>:<port>`. */
    readonly publicUrl: string | null;
    /** Largest body that brings a pack, bytes, and all other limits of bodies. */
    readonly bodyLimit: number;
    readonly bodies: Omit<BodyLimits, 'largest'>;
    /** How long an idle connection is kept, milliseconds. */
    readonly keepAlive: number;
    /** Longest time for the head of a request to come in, and then for its body unless it is an upload, milliseconds. */
    readonly headersTimeout: number;
    readonly bodyTimeout: number;
    /** After the order to stop: how long requests are still accepted, then how long those under way may take, milliseconds. */
    readonly lameDuck: number;
    readonly drain: number;
    /** Logs that are read: bytes kept for their readers, and how long one may take nothing, milliseconds. */
    readonly streams: { readonly cache: number; readonly stall: number };
  };
  readonly database: {
    /** Of role `taskrunner_web`. Secret. */
    readonly url: string;
    readonly connections: number;
    readonly statementTimeoutMs: number;
    /** Accepts a server that may lose acknowledged commits: for tests only. */
    readonly allowUnsafe: boolean;
  };
  readonly authority: AuthoritySetting;
  /** Opened. */
  readonly objects: CollectableObjectStore;
  /** How it is watched: bytes of a probe, and how long one counts, milliseconds. */
  readonly objectProbe: { readonly bytes: number; readonly interval: number };
  /** What callers may put into it. `timeout`: longest time for one to come in, milliseconds. */
  readonly uploads: UploadLimits & PackLimits & { readonly timeout: number };
  /** Key files of the two usages that the webservice signs for. */
  readonly keys: {
    readonly admission: string;
    readonly ledger: string;
    /** Key file that seals sensitive inputs; none: packs that have some are refused. */
    readonly sensitiveInputs?: string | null;
  };
  /** How refused requests get into audit chains. */
  readonly refusals: RefusalSetting;
  /** Key file of usage `checkpoint`, and least time between two checkpoints of a tenant, milliseconds; none: nothing is signed. */
  readonly checkpoints?: { readonly key: string; readonly every: number } | null;
  readonly setting: PlanningSetting;
  /** What planning of callers' packs may take. */
  readonly planning: PlanningLimits;
  /** Registries of packs, opened, and whose packs may run. */
  readonly packs: { readonly shelves: readonly Shelf[]; readonly trust: PackTrustPolicy };
  readonly limits: RequestLimits;
  readonly scheduler: SchedulerSetting;
}

/** When schedules tick here. Durations are milliseconds. */
export interface SchedulerSetting {
  /** False: others tick. */
  readonly enabled: boolean;
  readonly interval: number;
  readonly batch: number;
  readonly lease: number;
  readonly grace: number;
  readonly catchUpWindow: number;
  readonly maxPerTenant: number;
  readonly maxActive: number;
  readonly history: number;
}

/** Whose tokens are taken, and how they are read. */
export interface AuthoritySetting {
  readonly issuers: readonly IssuerSetting[];
  readonly claims: { readonly tenant: string; readonly grants: string; readonly name: string };
  /** Programs that may act for a person: their own tokens are none of persons. Absent: none. */
  readonly programs?: readonly Subject[];
  /** Who is known to be a person, beside those of issuers that have people alone. Absent: nobody. */
  readonly people?: readonly Subject[];
}

/** One trusted issuer. */
export interface IssuerSetting {
  /** Exactly the `iss` of its tokens. */
  readonly issuer: string;
  readonly jwksUri: string | null;
  readonly jwksFile: string | null;
  readonly audience: string;
  readonly kind: 'people' | 'clients' | 'both';
  readonly algorithms: readonly string[];
}

/** Requests a second for one person of one tenant, by what they ask for. */
export interface RequestLimits {
  readonly submit: number;
  readonly plan: number;
  readonly decide: number;
  readonly stream: number;
  readonly download: number;
  readonly read: number;
  /** Refused decisions a minute. */
  readonly refusedDecisions: number;
  /** Requests without a valid token, a second for one address. */
  readonly refusedTokens: number;
}
