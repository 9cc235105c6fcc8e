import type { Subject } from '@taskrunner/core/foundation';

/** Settings of the API server: an injection token, like the other settings here. */
export abstract class HttpSettings {
  /** Address to listen on. */
  abstract readonly host: string;
  /** 0 selects a free one. */
  abstract readonly port: number;
  abstract readonly healthPort: number;
  /** Unix socket to listen on instead of host and ports; null: host and ports. */
  abstract readonly socket: string | null;
  /** Origins whose pages may call the API, and how long a browser may keep the answer to a preflight request, milliseconds. */
  abstract readonly cors: { readonly origins: readonly string[]; readonly maxAge: number };
  /** Timeout for the body of a request except uploads, milliseconds. */
  abstract readonly bodyTimeout: number;
  /** After the signal to stop: how long requests are still accepted, then how long active ones may take, milliseconds. */
  abstract readonly lameDuck: number;
  abstract readonly drain: number;
  /** How much of a refused request is read and discarded after the answer: bytes and milliseconds. */
  abstract readonly bodies: { readonly discard: number; readonly discardTime: number };
  /** Limits for streams of logs and events. */
  abstract readonly streams: {
    /** Number of open streams: of one person, of one tenant, of all. */
    readonly person: number;
    readonly tenant: number;
    readonly all: number;
    /** Bytes cached for readers of logs. */
    readonly cache: number;
    /** How long a reader may stall, milliseconds. */
    readonly stall: number;
  };
  /** Between two looks for new events of a tenant that has readers, milliseconds. */
  abstract readonly events: { readonly interval: number };
  /** Limits for timelines: steps on a page, and steps and executions that are held in memory, of all runs. */
  abstract readonly timings: { readonly page: number; readonly held: number };
  /** Limits for pages and searches of logs. */
  abstract readonly logs: {
    /** Maximum lines of a page. */
    readonly pageLines: number;
    /** Lines and bytes that one request searches. */
    readonly scanLines: number;
    readonly scanBytes: number;
    /** Number of reads of the store in progress at once, for all requests. */
    readonly reads: number;
  };
}

/** Settings for uploads. */
export abstract class UploadSetting {
  /** How long nothing may arrive of an upload, milliseconds. */
  abstract readonly idle: number;
}

/** Settings of the console. Durations are milliseconds. */
export abstract class ConsoleSetting {
  abstract readonly enabled: boolean;
  /** Null only if it is disabled. */
  abstract readonly issuer: string | null;
  abstract readonly clientId: string;
  abstract readonly scopes: readonly string[];
  abstract readonly resource: string | null;
  /** Further origins that the browser may connect to. */
  abstract readonly connect: readonly string[];
  abstract readonly refresh: number;
  abstract readonly logLines: number;
  abstract readonly graphNodes: number;
  /** Bytes. */
  abstract readonly bundleSize: number;
}

/** Settings for schedules. Durations are milliseconds. */
export abstract class SchedulerSetting {
  /** False: other processes run the ticks. */
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

/** Trusted issuers, and how their tokens are read. */
export interface AuthoritySetting {
  readonly issuers: readonly IssuerSetting[];
  readonly claims: { readonly tenant: string; readonly grants: string; readonly name: string };
  /** Programs that may act for a person. Their own tokens are never those of persons. Absent: none. */
  readonly programs?: readonly Subject[];
  /** Subjects that are known to be persons, besides those of issuers that serve only people. Absent: none. */
  readonly people?: readonly Subject[];
}

/** One trusted issuer. */
export interface IssuerSetting {
  /** Exact `iss` of its tokens. */
  readonly issuer: string;
  readonly jwksUri: string | null;
  readonly jwksFile: string | null;
  readonly audience: string;
  readonly kind: 'people' | 'clients' | 'both';
  readonly algorithms: readonly string[];
}

/** Requests per second for one person of one tenant, by category. */
export interface RequestLimits {
  readonly submit: number;
  readonly plan: number;
  readonly decide: number;
  readonly stream: number;
  readonly download: number;
  readonly read: number;
  /** Refused decisions per minute. */
  readonly refusedDecisions: number;
  /** Requests without a valid token per second, for one address. */
  readonly refusedTokens: number;
}
