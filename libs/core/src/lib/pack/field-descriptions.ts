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
} from './pack';
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
} from './pack-step';
import type { FailureRetries, Retries } from './retries';
import type { Descriptions } from './shape';

/** One line for each field of a manifest, for whoever writes it: shown by editors. A field without one does not compile. */
export const PACK: Descriptions<Pack> = {
  apiVersion: 'The version of the pack language.',
  kind: 'What the document is.',
  metadata: 'Who the pack is.',
  spec: 'What the pack asks for and does.',
};

export const METADATA: Descriptions<Metadata> = {
  name: 'Name of the pack: a DNS label. Together with the version it never changes its content.',
  version: 'Semantic version, in quotes where YAML would read a number.',
  description: 'What the pack is for. Not part of the plan hash.',
  tags: 'Words to find the pack by. Not part of the plan hash.',
  tenantVisibility: 'Which tenants see the published pack: private (its own), public, or a list of tenants.',
  maintainers: 'People to ask about the pack. Not part of the plan hash.',
  license: 'Licence of the pack, as an SPDX expression. Not part of the plan hash.',
  annotations: 'Free texts for other tools. Not part of the plan hash.',
  minRunnerVersion: 'Oldest version of the runner that understands the pack; an older one refuses it.',
};

export const MAINTAINER: Descriptions<Maintainer> = { name: 'Name of the person or team.', email: 'Their address.' };

export const SPEC: Descriptions<PackSpec> = {
  inputs: 'Values that the caller gives.',
  secrets: 'Secrets that steps may ask for; the operator decides which the pack gets.',
  approvals: 'Who must agree at the gates that name them.',
  policies: 'Policies that gates ask.',
  sandbox: 'What the pack asks of the place where its steps run.',
  sealedInstall: 'Refuse to run unless the environment is sealed.',
  concurrency: 'At most one run per tenant and group at a time.',
  timeoutMs: 'Longest time of a run, waiting at approval gates not counted.',
  cleanupTimeoutMs: 'Longest time of the runOn: always steps after a cancel or timeout.',
  steps: 'What is done, in order.',
  outputs: 'Values that a run leaves.',
  success: 'What is said of a run that succeeded.',
  failure: 'What is said of a run that failed, and the retries of all its run steps.',
};

export const INPUT: Descriptions<InputRule> = {
  name: 'Name of the input: {{ inputs.<name> }}.',
  type: 'Type of the value; a file is given by its digest and size.',
  description: 'What the input is for.',
  required: 'True: a run cannot start without it.',
  default: 'Value where the caller gives none; applied before the plan is hashed.',
  enum: 'The only values that are accepted.',
  schema: 'JSON Schema 2020-12 of the value, inline or as the path of a file in the pack.',
  sensitive: 'True: treated as a secret; may flow into with, env and files only.',
};

export const SECRET: Descriptions<SecretRule> = {
  name: 'Name of the secret: {{ secrets.<name> }}.',
  description: 'What the secret is for.',
  scope: 'Scope that the submitter must have.',
  required: 'False: the pack also runs where the secret is not bound.',
};

export const APPROVAL: Descriptions<ApprovalRule> = {
  id: 'Id of the approval, for the gates that ask for it.',
  grants: 'What a person must hold to decide, all of them.',
  minApprovals: 'How many different people must approve.',
  expiresAfterMs: 'How long the question stands before it counts as refused.',
  executeWithinMs: 'How long after the approval the steps behind the gate may still begin.',
  allowSelfApproval: 'True: who started the run may also approve it.',
  maxAuthAgeMs: 'How long ago the approver may have logged in at most.',
  reasonRequired: 'True: a decision needs a reason.',
  reasonTemplate: 'Text with expressions that is proposed as the reason.',
};

export const POLICY: Descriptions<PolicyRule> = {
  id: 'Id of the policy, for the gates that ask it.',
  engine: 'Language of the policy.',
  source: 'The policy itself; either this or path.',
  path: 'Path of the policy in the pack; either this or source.',
  level: 'advisory: only noted; soft-mandatory: may be overridden by an approval; hard-mandatory: final.',
};

export const SANDBOX: Descriptions<SandboxRule> = {
  mode: 'sealed: steps have no network; refused where that cannot be enforced.',
  egressAllowlist: 'Hosts that steps of the pack may reach at most; an empty list allows none.',
  cpuMillicores: 'Processor share of a step: 1000 is one core.',
  memoryMiB: 'Memory of a step.',
  workspaceMiB: 'Disk of a step.',
  maxProcesses: 'Most processes and threads of a step.',
  timeoutMs: 'Longest time of one attempt, for steps that state none.',
};

export const CONCURRENCY: Descriptions<ConcurrencyRule> = {
  group: 'Text made of inputs by expressions: runs of the same group exclude each other.',
  onConflict: 'What a second run of the group does: wait, or be refused.',
};

export const OUTPUT: Descriptions<OutputRule> = {
  name: 'Name of the output.',
  type: 'Type of the value.',
  value: 'The value: an expression, or a structure with expressions in it.',
};

export const SUCCESS: Descriptions<PackSpec['success']> = { message: 'Text with expressions.' };

export const FAILURE: Descriptions<PackSpec['failure']> = {
  message: 'Text with expressions; may read failed.',
  retries: 'Retries of every run step that states none of its own.',
};

export const RETRIES: Descriptions<Retries> = {
  maxAttempts: 'How often the step is tried in all.',
  backoffMs: 'Pause before the second attempt.',
  factor: 'By what each further pause is longer than the one before.',
  maxBackoffMs: 'Longest pause.',
  jitter: 'True: pauses vary, so that many runs do not try at once.',
  on: 'Codes of failures that are tried again; absent: every retryable one.',
  attemptTimeoutMs: 'Longest time of one attempt; what takes longer is tried again.',
};

export const FAILURE_RETRIES: Descriptions<FailureRetries> = {
  ...RETRIES,
  continueOnError: 'True: a failed run step does not fail its list, unless the step itself says otherwise.',
};

export const STEP: Descriptions<StepCommon> = {
  id: 'Id of the step, unique in its scope: {{ steps.<id>.outputs }}.',
  name: 'What the step is called where people see it.',
  when: 'Condition; where it is false the step is skipped.',
  needs: 'Steps of the same list that must be over first; absent: the one before it. An empty list waits for none.',
  runOn: 'success: if all before it went well; failure: if one failed; always: in any case, also after a cancel.',
  timeoutMs: 'Longest time of the step with its retries and pauses; final.',
  retries: 'When a failed attempt is followed by another; on run steps only.',
  continueOnError: 'True: a failure is recorded and the list goes on.',
  effects: 'What doing the step twice would mean: nothing (pure), the same (idempotent), harm (once).',
  workers: 'Labels that a worker must have to take the step.',
  sealedInstall: 'Refuse to run unless the environment is sealed.',
};

/** The kinds of a step. */
export const KINDS: Readonly<Record<StepBody['kind'], string>> = {
  run: 'One executor at work.',
  group: 'A sequence as one step.',
  parallel: 'Steps side by side.',
  map: 'The same steps for each item, side by side.',
  loop: 'The same steps again and again, one iteration after the other.',
  conditional: 'The steps of the first branch whose condition holds.',
  gate: 'People who agree, or a policy that does.',
};

/** The published ways to tell a step's kind. */
export const PUBLISHED_KINDS = {
  type: 'Published spelling: the kind of the step; the name of the body alone says it too.',
  'gate.approval': 'Published spelling of `gate: {approval, message}`.',
  'gate.policy': 'Published spelling of `gate: {policy, with}`.',
} as const;

export const RUN: Descriptions<RunBody> = {
  uses: 'What runs: builtin:<name>, ext:<name>@<version>, pack:<path> or pack:<name>:<version>.',
  with: 'Parameters of the executor; texts may hold expressions.',
  env: 'Environment variables; texts may hold expressions.',
  files: 'Path below /task/in → an artifact, a file input, pack:<path> or {content: …}.',
  secrets: 'Secrets that the step gets, as files or variables; for pack: an object from inner to outer names.',
  approvals: 'For pack: alone: approval of the inner pack → approval of this one.',
  tools: 'Tool → the sha256 digests that it may have.',
  egress: 'Where the step wants to reach, and why.',
  artifacts: 'Files that the step leaves.',
  outputs: 'Outputs that the step declares; what it writes is checked against them.',
};

export const SECRET_USE: Descriptions<{ name: string; env: string | null; file: string | null }> = {
  name: 'A secret of the pack.',
  env: 'Variable that holds it; excludes file.',
  file: 'Name of the file below /run/secrets that holds it; excludes env.',
};

export const EGRESS: Descriptions<EgressUse> = {
  url: 'https://host, https://host:port or http://host.',
  intent: 'Why, in the words that approvers read.',
};

export const ARTIFACT: Descriptions<ArtifactRule> = {
  name: 'Name of the artifact: {{ steps.<id>.artifacts.<name> }}.',
  path: 'Path below /task/out or /task: a file, a folder (ends in /), or several files (holds *).',
  mediaType: 'Media type of the content.',
  optional: 'True: it may be missing.',
};

export const OUTPUT_SCHEMA: Descriptions<OutputSchema> = {
  type: 'Type of the output.',
  schema: 'JSON Schema 2020-12 of the output, inline or as the path of a file in the pack.',
};

export const GROUP: Descriptions<GroupBody> = { steps: 'The steps, in order.' };

export const PARALLEL: Descriptions<ParallelBody> = {
  steps: 'The steps; they start together unless they state needs.',
  maxParallel: 'How many run at once at most.',
  continueOnError: 'True: when one fails the others go on, and the whole fails at the end.',
};

export const MAP: Descriptions<MapBody> = {
  items: 'An expression that gives a list, or the list itself.',
  steps: 'The steps for each item, in order.',
  label: 'Text with expressions that names an item where people see it.',
  maxItems: 'How many items there may be; required where they come from results.',
  maxParallel: 'How many items are worked on at once at most.',
  iterator: 'Name of the current item in expressions.',
  index: 'Name of the number of the current item, from 0, in expressions.',
  outputs: 'What each item yields; absent: the outputs of its last step.',
  continueOnError: 'True: when one item fails the others go on, and the whole fails at the end.',
};

export const LOOP: Descriptions<LoopBody> = {
  items: 'What the iterations go through; may be left out where until is there.',
  until: 'Condition, judged after each iteration; where it is true the loop ends.',
  delayMs: 'Pause between iterations.',
  body: 'The steps of an iteration, in order.',
  maxIterations: 'How many iterations there may be.',
  aggregation: 'collect: the outputs of all iterations, in order; last: those of the final one.',
  iterator: 'Name of the current item in expressions.',
  index: 'Name of the number of the current iteration, from 0, in expressions.',
  outputs: 'What each iteration yields; absent: the outputs of its last step.',
  continueOnError: 'True: when an iteration fails the next ones go on, and the whole fails at the end.',
};

export const LOOP_ITEMS = {
  expression: 'An expression that gives a list.',
  range: 'Whole numbers from start through end.',
  static: 'The items themselves.',
} as const;

export const RANGE: Descriptions<{ start: number | string; end: number | string; step: number | string }> = {
  start: 'First number, or an expression that gives it.',
  end: 'Last number, or an expression that gives it.',
  step: 'What is added each time; may be negative, not 0.',
};

export const CONDITIONAL: Descriptions<ConditionalBody> = {
  branches: 'The branches, in order; the first whose condition holds runs.',
  otherwise: 'The steps where no condition holds.',
};

export const BRANCH: Descriptions<Branch> = {
  when: 'Condition of the branch.',
  steps: 'The steps of the branch, in order.',
};

export const APPROVAL_GATE: Descriptions<ApprovalGate> = {
  approval: 'The approval of spec.approvals that is asked for.',
  message: 'What people are asked: text with expressions.',
  show: 'Values that people see before they decide.',
  form: 'JSON Schema of the answer that people fill in.',
};

export const POLICY_GATE: Descriptions<PolicyGate> = {
  policy: 'The policy of spec.policies that is asked.',
  with: 'Values that the policy judges.',
  overrideApproval: 'The approval that may overrule a soft-mandatory policy.',
};
