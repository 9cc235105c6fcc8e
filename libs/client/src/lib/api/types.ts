import type { components } from './schema';

/** All schemas of the API, by their names in its OpenAPI document. */
export type Schemas = components['schemas'];

type NameIn<One> = One extends unknown ? keyof One : never;
type MemberOf<One, Name> = One extends unknown ? (Name extends keyof One ? One[Name] : never) : never;
/** Each of several objects: members that all of them have, and those that some of them have. */
type AnyOf<Union> = Pick<Union, keyof Union> & {
  [Name in Exclude<NameIn<Union>, keyof Union>]?: Exclude<MemberOf<Union, Name>, undefined>;
};

export type Run = Schemas['Run'];
export type RunStatus = Run['status'];
/** What a run waits for. */
export type RunWait = Run['waits'][number];
export type Step = Schemas['Step'];
export type StepStatus = Step['status'];
/** How many child steps of a step have each status. */
export type StepCounts = Schemas['StepCounts'];
/** The times of the steps of a run, as rows of `columns`. */
export type Timings = Schemas['Timings'];
export type Artifact = Schemas['Artifact'];
export type Upload = Schemas['Upload'];
/** A line of a log, or another event of its stream. Members that an event does not have are absent. */
export type LogLine = AnyOf<Schemas['LogEvent']>;
/** A page of a log, or of the results of a search in it. */
export type LogPage = Schemas['LogPage'];
export type LogLevel = NonNullable<LogLine['level']>;
/** An event of the tenant's feed. */
export type FeedEvent = Schemas['FeedEvent'];
export type Graph = Schemas['Graph'];
export type GraphNode = Graph['nodes'][number];
export type Plan = Schemas['Plan'];
export type PlanDiff = Schemas['PlanDiff'];
export type PlanChange = Schemas['PlanChange'];
/** A gate with the request that approvers decide about. */
export type Gate = Schemas['Gate'];
/** The request of a gate, which `gateDigest` covers. */
export type GateRequest = Schemas['GateRequest'];
/** A gate in the list of all gates of a run. */
export type RunGate = Schemas['RunGate'];
export type Decision = Schemas['Decision'];
export type DecisionReceipt = Schemas['DecisionReceipt'];
export type PublishedPack = Schemas['PublishedPack'];
export type PackDetail = Schemas['PackDetail'];
export type Schedule = Schemas['Schedule'];
export type ScheduleTick = Schemas['ScheduleTick'];
export type AuditEntry = Schemas['AuditEntry'];
export type Me = Schemas['Me'];
export type Fault = Schemas['Fault'];
/** A problem document (RFC 9457). */
export type Problem = Schemas['Problem'];
/** All error codes of the API. */
export type ProblemCode = Schemas['ProblemCode'];
export type SubmitRunBody = Schemas['SubmitRunBody'];
export type RerunBody = Schemas['RerunBody'];
export type CancelRunBody = Schemas['CancelRunBody'];
export type DecideBody = Schemas['ApproveBody'];
