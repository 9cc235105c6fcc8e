import type { Subject } from '@taskrunner/core/foundation';

/** How the API is served: a token for dependency injection, as the other settings of this kind. */
export abstract class HttpSettings {
  /** Address to listen on. */
  abstract readonly host: string;
  /** 0 takes a free one. */
  abstract readonly port: number;
  abstract readonly healthPort: number;
  /** Longest time for the body of a request to come in unless it is an upload, milliseconds. */
  abstract readonly bodyTimeout: number;
  /** After the order to stop: how long requests are still accepted, then how long those under way may take, milliseconds. */
  abstract readonly lameDuck: number;
  abstract readonly drain: number;
  /** Logs that are read: bytes kept for their readers, and how long one may take nothing, milliseconds. */
  abstract readonly streams: { readonly cache: number; readonly stall: number };
}

/** When schedules tick here. Durations are milliseconds. */
export abstract class SchedulerSetting {
  /** False: others tick. */
  abstract readonly enabled: boolean;
  abstract readonly interval: number;
  abstract readonly batch: number;
  abstract readonly lease: number;
  abstract readonly grace: number;
  abstract readonly catchUpWindow: number;
  abstract readonly maxPerTenant: number;
  abstract readonly maxActive: number;
  abstract readonly history: number;
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
