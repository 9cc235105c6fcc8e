import type { PlanningSetting } from '@taskrunner/core';

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
    /** Bytes. */
    readonly bodyLimit: number;
  };
  readonly database: {
    /** Of role `taskrunner_web`. Secret. */
    readonly url: string;
    readonly connections: number;
    /** Accepts a server that may lose acknowledged commits: for tests only. */
    readonly allowUnsafe: boolean;
  };
  readonly authority: AuthoritySetting;
  /** Folder of the object store. */
  readonly objectRoot: string;
  /** Key files of the two usages that the webservice signs for. */
  readonly keys: {
    readonly admission: string;
    readonly ledger: string;
    /** Key file that seals sensitive inputs; none: packs that have some are refused. */
    readonly sensitiveInputs?: string | null;
  };
  readonly setting: PlanningSetting;
  readonly limits: RequestLimits;
}

/** Whose tokens are taken, and how they are read. */
export interface AuthoritySetting {
  readonly issuers: readonly IssuerSetting[];
  readonly claims: { readonly tenant: string; readonly grants: string; readonly name: string };
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

/** Limits that stop a loop gone wild, not work. */
export const REQUEST_LIMITS: RequestLimits = {
  submit: 5_000,
  plan: 500,
  decide: 50,
  stream: 100,
  download: 500,
  read: 5_000,
  refusedDecisions: 10,
  refusedTokens: 50,
};
