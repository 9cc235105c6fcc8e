export type { paths } from './lib/api/schema';
export type {
  Artifact,
  AuditEntry,
  CancelRunBody,
  DecideBody,
  Decision,
  DecisionReceipt,
  Fault,
  FeedEvent,
  Gate,
  GateRequest,
  Graph,
  GraphNode,
  LogLevel,
  LogLine,
  LogPage,
  Me,
  PackDetail,
  Plan,
  PlanChange,
  PlanDiff,
  Problem,
  ProblemCode,
  PublishedPack,
  RerunBody,
  Run,
  RunGate,
  RunStatus,
  RunWait,
  Schedule,
  ScheduleTick,
  Schemas,
  Step,
  StepCounts,
  StepStatus,
  SubmitRunBody,
  Timings,
  Upload,
} from './lib/api/types';
export { createClient, type RequestOptions, type TaskRunnerClient } from './lib/client';
export type { Api } from './lib/connection/api';
export { bodyOf } from './lib/connection/body-of';
export type { ClientOptions } from './lib/connection/connection';
export { itemsOf, pagesOf, type PageQuery } from './lib/connection/items-of';
export type { SendOptions } from './lib/connection/send';
export type { EventOptions } from './lib/events/follow-events';
export type { Download } from './lib/files/download';
export type { UploadContent, UploadOptions } from './lib/files/upload';
export type { DecisionOptions, ShownGate } from './lib/gates/decide';
export type { LogOptions } from './lib/logs/follow-logs';
export type { LogPageQuery } from './lib/logs/log-page';
export { ApiProblem, type ApiProblemCode } from './lib/problem/api-problem';
export { ClientError, type ClientErrorCode } from './lib/problem/client-error';
export { isTemporary, type FollowingOptions, type Interruption, type RetryOptions } from './lib/retry/retry';
export type { SubmitOptions } from './lib/runs/submit-run';
export { isOver, needsPerson, type WaitOptions } from './lib/runs/wait-for-run';
