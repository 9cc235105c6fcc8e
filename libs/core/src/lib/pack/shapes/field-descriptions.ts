import type {
  ApprovalRule,
  ConcurrencyRule,
  InputRule,
  Maintainer,
  Metadata,
  OutputRule,
  Pack,
  PackSpec,
  PolicyRule,
  SandboxRule,
  SecretRule,
} from '../model/pack';
import type {
  ApprovalGate,
  ArtifactRule,
  Branch,
  ConditionalBody,
  EgressUse,
  GroupBody,
  LoopBody,
  MapBody,
  OutputSchema,
  ParallelBody,
  PolicyGate,
  RunBody,
  StepBody,
  StepCommon,
} from '../model/pack-step';
import type { FailureRetries, Retries } from '../model/retries';
import type { Descriptions } from './shape';

/** A one-line description of each field of a manifest, shown by editors. A field without one does not compile. */
export const PACK: Descriptions<Pack> = {
  apiVersion: 'Version of the pack language.',
  kind: 'Kind of the document.',
  metadata: 'Metadata of the pack.',
  spec: 'Specification of the pack: what it requires and what it does.',
};

export const METADATA: Descriptions<Metadata> = {
  name: 'Name of the pack: a DNS label. A name and version always refer to the same content.',
  version: 'Semantic version. Put it in quotes if YAML would read it as a number.',
  description: 'Description of the pack. Not part of the plan hash.',
  tags: 'Keywords for searching. Not part of the plan hash.',
  tenantVisibility: 'Tenants that can see the published pack: private (only the owner), public, or a list of tenants.',
  maintainers: 'Maintainers of the pack. Not part of the plan hash.',
  license: 'Licence of the pack, as an SPDX expression. Not part of the plan hash.',
  annotations: 'Annotations for other tools. Not part of the plan hash.',
  minRunnerVersion: 'Minimum version of the runner. Older runners refuse the pack.',
};

export const MAINTAINER: Descriptions<Maintainer> = {
  name: 'Name of the person or team.',
  email: 'Email address of the person or team.',
};

export const SPEC: Descriptions<PackSpec> = {
  inputs: 'Values that the caller provides.',
  secrets: 'Secrets that steps can request. The operator decides which secrets the pack gets.',
  approvals: 'Approval rules that gates refer to.',
  policies: 'Policies that gates evaluate.',
  sandbox: 'Requirements for the environment in which steps run.',
  sealedInstall: 'Whether the pack runs only in a sealed environment.',
  concurrency: 'Allows at most one run per tenant and group at a time.',
  timeoutMs: 'Maximum duration of a run, excluding the time it waits at approval gates.',
  cleanupTimeoutMs:
    'Maximum duration of `runOn: always` steps after a cancellation or timeout. It begins after `worker.stopGrace`, in which other steps are stopped.',
  steps: 'Steps of the pack, in order.',
  outputs: 'Output values of a run.',
  success: 'Message of a successful run.',
  failure: 'Message of a failed run, and the retries of all its run steps.',
};

export const INPUT: Descriptions<InputRule> = {
  name: 'Name of the input: {{ inputs.<name> }}.',
  type: 'Type of the value. A file is represented by its digest and size.',
  description: 'Description of the input.',
  required: 'Whether a run requires the input.',
  default: 'Default value. It is applied before the plan is hashed.',
  enum: 'Allowed values.',
  schema: 'JSON Schema 2020-12 of the value, inline or as the path of a file in the pack.',
  sensitive: 'Whether the value is treated as a secret. It can be used only in with, env and files.',
};

export const SECRET: Descriptions<SecretRule> = {
  name: 'Name of the secret: {{ secrets.<name> }}.',
  description: 'Description of the secret.',
  scope: 'Scope that the submitter must have.',
  required: 'Whether the pack requires the secret. false: the pack also runs if the secret is not bound.',
};

export const APPROVAL: Descriptions<ApprovalRule> = {
  id: 'Id of the approval. Gates refer to it.',
  grants: 'Grants that a person must have to decide. All of them are required.',
  minApprovals: 'Number of distinct people who must approve.',
  expiresAfterMs:
    'Time to decide. After it the gate expires. Default: approvals.expiresAfter of the installation (24h unless it is set).',
  executeWithinMs:
    'Time after expiresAfter within which steps with effects behind the gate must start. It is counted from the end of the time to decide, not from the approval. Default: approvals.executeWithin of the installation (24h unless it is set).',
  allowSelfApproval:
    'Whether initiators of the run may approve it. The server must allow it too (`approvals.floor.selfApproval`).',
  maxAuthAgeMs: 'Maximum age of the sign-in of an approver.',
  reasonRequired: 'Whether a decision requires a reason.',
  reasonTemplate: 'Suggested reason: text with expressions.',
};

export const POLICY: Descriptions<PolicyRule> = {
  id: 'Id of the policy. Gates refer to it.',
  engine: 'Language of the policy.',
  source: 'Source of the policy. Set either source or path.',
  path: 'Path of the policy in the pack. Set either path or source.',
  level:
    'advisory: a denial is only recorded; soft-mandatory: an approval can override a denial; hard-mandatory: a denial is final.',
};

export const SANDBOX: Descriptions<SandboxRule> = {
  mode: 'sealed: steps can reach only destinations that the operator lists. The pack is refused if this cannot be enforced.',
  egressAllowlist: 'Hosts that steps of the pack can reach. An empty list allows none.',
  cpuMillicores: 'CPU limit of a step: 1000 is one core.',
  memoryMiB: 'Memory limit of a step.',
  workspaceMiB: 'Disk limit of a step.',
  maxProcesses: 'Maximum number of processes and threads of a step.',
  timeoutMs: 'Default timeout of one attempt.',
};

export const CONCURRENCY: Descriptions<ConcurrencyRule> = {
  group: 'Concurrency group: text with expressions over inputs. Runs of the same group exclude each other.',
  onConflict: 'Behaviour of a second run of the group: it waits, or it is refused.',
};

export const OUTPUT: Descriptions<OutputRule> = {
  name: 'Name of the output.',
  type: 'Type of the value.',
  value: 'Value: an expression, or a structure that contains expressions.',
};

export const SUCCESS: Descriptions<PackSpec['success']> = {
  message:
    'Message of a run that succeeded. Text with expressions. They can read what outputs of the pack can read, and failed.',
};

export const FAILURE: Descriptions<PackSpec['failure']> = {
  message:
    'Message of a run that failed, including after a timeout or at a gate. A cancelled run has no message. Text with expressions. They can read what outputs of the pack can read, and failed.',
  retries: 'Default retries of run steps.',
};

export const RETRIES: Descriptions<Retries> = {
  maxAttempts: 'Total number of attempts.',
  backoffMs: 'Delay before the second attempt.',
  factor: 'Factor by which each further delay grows.',
  maxBackoffMs: 'Maximum delay.',
  jitter: 'Whether delays vary randomly, so that many runs do not retry at the same time.',
  on: 'Error codes that are retried. Default: all retryable errors.',
  attemptTimeoutMs: 'Timeout of one attempt. An attempt that times out is retried.',
};

export const FAILURE_RETRIES: Descriptions<FailureRetries> = {
  ...RETRIES,
  continueOnError: 'Whether a list continues after a failed run step. A step can override this.',
};

export const STEP: Descriptions<StepCommon> = {
  id: 'Id of the step, unique in its scope: {{ steps.<id>.outputs }}.',
  name: 'Display name of the step.',
  when: 'Condition. If it is false, the step is skipped.',
  needs: 'Steps of the same list that must end first. Default: the previous step. An empty list has no dependencies.',
  runOn:
    'success: run if all needed steps succeeded; failure: run if one failed; always: run in any case, even after a cancellation.',
  timeoutMs: 'Timeout of the step, including retries and delays. It is not retried.',
  retries: 'Retries of failed attempts. Only for run steps.',
  continueOnError:
    'Whether the list continues after a failure, which is recorded. On a parallel, map or loop: whether its other children continue; it then fails at the end. Put it in a group with this field to continue after it.',
  effects: 'Effect of running the step twice: none (pure), the same as once (idempotent), or harmful (once).',
  workers: 'Labels that a worker must have to run the step.',
  sealedInstall: 'Whether the pack runs only in a sealed environment.',
};

/** The kinds of a step. */
export const KINDS: Readonly<Record<StepBody['kind'], string>> = {
  run: 'Runs one executor.',
  group: 'Runs a sequence of steps as one step.',
  parallel: 'Runs steps in parallel.',
  map: 'Runs the same steps for each item, in parallel.',
  loop: 'Runs the same steps repeatedly, one iteration after the other.',
  conditional: 'Runs the steps of the first branch whose condition is true.',
  gate: 'Waits for an approval by people, or evaluates a policy.',
};

/** The published spellings of a step's kind. */
export const PUBLISHED_KINDS = {
  type: 'Published spelling: kind of the step. The name of the body already implies it.',
  'gate.approval': 'Published spelling of `gate: {approval, message}`.',
  'gate.policy': 'Published spelling of `gate: {policy, with}`.',
} as const;

export const RUN: Descriptions<RunBody> = {
  uses: 'Executor or pack to run: builtin:<name>, ext:<name>@<version>, pack:<path> or pack:<name>:<version>.',
  with: 'Parameters of the executor. Texts can contain expressions.',
  env: 'Environment variables. Texts can contain expressions.',
  files: 'Maps a path below /task/in to an artifact, a file input, pack:<path> or {content: …}.',
  secrets:
    'Secrets that the step gets, as files or variables. For pack: an object that maps inner names to outer names.',
  approvals: 'Only for pack: maps approvals of the inner pack to approvals of this pack.',
  tools: 'Maps each tool to its allowed sha256 digests.',
  egress: 'Destinations that the step connects to, with reasons.',
  artifacts: 'Files that the step produces.',
  outputs: 'Outputs that the step declares. Its results are validated against them.',
};

export const SECRET_USE: Descriptions<{ name: string; env: string | null; file: string | null }> = {
  name: 'A secret of the pack.',
  env: 'Environment variable for the secret. Excludes file.',
  file: 'Name of the file below /run/secrets for the secret. Excludes env.',
};

export const EGRESS: Descriptions<EgressUse> = {
  url: 'https://host, https://host:port or http://host.',
  intent: 'Reason for the connection. Approvers can read it.',
};

export const ARTIFACT: Descriptions<ArtifactRule> = {
  name: 'Name of the artifact: {{ steps.<id>.artifacts.<name> }}.',
  path: 'Path below /task/out or /task: a file, a folder (ends with /), or several files (contains *).',
  mediaType: 'Media type of the content.',
  optional: 'Whether the file may be missing.',
};

export const OUTPUT_SCHEMA: Descriptions<OutputSchema> = {
  type: 'Type of the output.',
  schema: 'JSON Schema 2020-12 of the output, inline or as the path of a file in the pack.',
};

export const GROUP: Descriptions<GroupBody> = { steps: 'The steps, in order.' };

export const PARALLEL: Descriptions<ParallelBody> = {
  steps: 'The steps. They start at the same time unless they have needs.',
  maxParallel: 'Maximum number of steps that run at the same time.',
  continueOnError: 'Whether the other steps continue after a failure. The step then fails at the end.',
};

export const MAP: Descriptions<MapBody> = {
  items: 'A list, or an expression that returns a list.',
  steps: 'The steps for each item, in order.',
  label: 'Display name of an item: text with expressions.',
  maxItems: 'Maximum number of items. Required if the items come from results.',
  maxParallel: 'Maximum number of items that are processed at the same time.',
  iterator: 'Name of the current item in expressions.',
  index: 'Name of the index of the current item in expressions; the first is 0.',
  outputs: 'Result of each item. Default: the outputs of its last step.',
  continueOnError: 'Whether the other items continue after a failure. The map then fails at the end.',
};

export const LOOP: Descriptions<LoopBody> = {
  items: 'Items of the iterations. Optional if until is set.',
  until: 'Condition that is evaluated after each iteration. If it is true, the loop ends.',
  delayMs: 'Delay between iterations.',
  body: 'The steps of an iteration, in order.',
  maxIterations: 'Maximum number of iterations.',
  aggregation: 'collect: the outputs of all iterations, in order; last: the outputs of the last iteration.',
  iterator: 'Name of the current item in expressions.',
  index: 'Name of the index of the current iteration in expressions; the first is 0.',
  outputs: 'Result of each iteration. Default: the outputs of its last step.',
  continueOnError: 'Whether further iterations run after a failure. The loop then fails at the end.',
};

export const LOOP_ITEMS = {
  expression: 'An expression that returns a list.',
  range: 'Integers from start to end, inclusive.',
  static: 'A literal list of items.',
} as const;

export const RANGE: Descriptions<{ start: number | string; end: number | string; step: number | string }> = {
  start: 'First number, or an expression that returns it.',
  end: 'Last number, or an expression that returns it.',
  step: 'Increment. It can be negative, but not 0.',
};

export const CONDITIONAL: Descriptions<ConditionalBody> = {
  branches: 'The branches, in order. The first branch whose condition is true runs.',
  otherwise: 'The steps to run if no condition is true.',
};

export const BRANCH: Descriptions<Branch> = {
  when: 'Condition of the branch.',
  steps: 'The steps of the branch, in order.',
};

export const APPROVAL_GATE: Descriptions<ApprovalGate> = {
  approval: 'Id of the approval in spec.approvals.',
  message: 'Message for approvers: text with expressions.',
  show: 'Values that approvers review.',
  form: 'JSON Schema of the response of approvers.',
};

export const POLICY_GATE: Descriptions<PolicyGate> = {
  policy: 'Id of the policy in spec.policies.',
  with: 'Input values of the policy.',
  overrideApproval: 'Id of the approval that can override a soft-mandatory policy.',
};
