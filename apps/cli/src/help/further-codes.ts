/** A meaning and a remedy, and the codes that share them, separated by spaces. The occurrence has its own message, which is more exact. */
type Family = readonly [meaning: string, remediation: string, codes: string];

const LOG = 'See the message, and the log of the step: `taskrunner logs RUN --step STEP`.';
const BUNDLE = 'Get the bundle from its publisher again, or correct the expectation in the step.';
const OPERATOR = 'Contact the operator. The message states what was found.';

/** Codes of steps and of runs that have ended. */
export const CODES_OF_RUNS: readonly Family[] = [
  ['The program of a step was ended by a signal.', LOG, 'KILLED'],
  [
    'A step exceeded a limit of its sandbox.',
    'Reduce what the step uses, or raise the limit in `sandbox` of the pack or of the configuration.',
    'SANDBOX_LIMIT_MEMORY SANDBOX_LIMIT_WORKSPACE SANDBOX_LIMIT_FILES SANDBOX_LIMIT_TMPFS RESOURCES_EXCEEDED',
  ],
  [
    'A step took longer than its timeout.',
    'Make the step faster, or raise its timeout.',
    'STEP_TIMEOUT ATTEMPT_TIMEOUT',
  ],
  [
    'The run took longer than its timeout.',
    'Reduce the duration of the run, or raise `timeout` of the pack.',
    'RUN_TIMEOUT',
  ],
  ['A step failed.', LOG, 'STEP_FAILED RESOLVED_FAILED SCRIPTED_FAILURE'],
  [
    'A map, a loop, a group or an inner pack failed because one of its child steps failed.',
    'Find the failed child step with `taskrunner show RUN`.',
    'CHILD_FAILED',
  ],
  [
    'A step was not executed because a step that it needs failed.',
    'See the step that failed first.',
    'UPSTREAM_FAILED',
  ],
  ['A step was stopped because a sibling step failed.', 'See the step that failed first.', 'SIBLING_FAILED'],
  [
    'A step was skipped because the results of the steps before it do not match its `runOn`.',
    'No action is needed. A step with `runOn: failure` runs only after a failure.',
    'RUN_ON_NOT_MET',
  ],
  ['A step was skipped because its `when` is false.', 'No action is needed.', 'WHEN_FALSE'],
  ['A step was not reached.', 'No action is needed.', 'NOT_REACHED BRANCH_NOT_TAKEN'],
  ['The run was cancelled.', 'No action is needed.', 'RUN_CANCELLED'],
  ['A loop ended before its `until` was true.', 'Raise `maxIterations`, or correct `until`.', 'LOOP_EXHAUSTED'],
  [
    'It is unknown whether a step with `effects: once` has had its effect.',
    'Find out what the step did, then record the outcome with `taskrunner resolve`.',
    'OUTCOME_UNKNOWN RESOLVED_RETRY ATTEMPT_OVER QUESTION_OVER',
  ],
  ['A person rejected the gate.', 'See `taskrunner gates RUN`. To try again, start a new run.', 'GATE_REJECTED'],
  [
    'The approved content has changed, or the gate is closed.',
    'Start the run again.',
    'GATE_CONTEXT_CHANGED GATE_CLOSED ENGINE_COMMIT_REFUSED',
  ],
  [
    'Too few people can decide at the gate.',
    'Give more people the grants that the gate requires, or cancel the run.',
    'GATE_UNSATISFIABLE',
  ],
  [
    'A policy denied the run at a gate, or did not reach a decision.',
    'See the reasons with `taskrunner gates RUN`.',
    'POLICY_DENIED POLICY_UNDECIDED POLICY_ENGINE_FAILED',
  ],
  [
    'A policy cannot be used or evaluated.',
    'Correct the policy at the place that the message names.',
    'POLICY_ARGUMENTS POLICY_ENGINE_UNKNOWN POLICY_LIMIT POLICY_RESULT POLICY_SYNTAX POLICY_TYPE POLICY_UNKNOWN_FUNCTION POLICY_UNKNOWN_NAME',
  ],
  [
    'A value of the run is too large to be one value.',
    'Write large data to an artifact, and pass the artifact.',
    'VALUE_TOO_LARGE',
  ],
  [
    '`with` of a step does not match the parameters of its executor.',
    'Correct `with` in the pack.',
    'WITH_INVALID SCHEMA_UNUSABLE ENV_REFUSED',
  ],
  [
    'A path in `files` that ends with `/` requires a tar archive, and the file is not one.',
    'Use a tar archive. For a single file, remove the `/` at the end of the path.',
    'FILE_NOT_A_TAR',
  ],
  [
    'A file of a step is missing, too large, or has a path that cannot be used.',
    'Correct the files of the step in the pack.',
    'FILE_MISSING FILE_TOO_LARGE FILE_PATH_TAKEN FILE_PATH_INVALID',
  ],
  [
    'The outputs of a step are missing or do not match their declaration.',
    'Write one JSON object with the declared outputs, such as {"ok": true}, to the file in TASKRUNNER_OUTPUTS.',
    'OUTPUTS_INVALID OUTPUTS_REFUSED',
  ],
  [
    'An artifact of a step is missing, is too large, or is not a regular file.',
    'Make sure that the step writes the artifact to the declared path.',
    'ARTIFACT_MISSING ARTIFACT_REFUSED ARTIFACT_TOO_LARGE COLLECTOR_FAILED',
  ],
  [
    'A tool or an interpreter that a step needs cannot be used on the worker.',
    'Install it on the worker, allow it in the configuration, or correct the pack.',
    'TOOL_MISMATCH TOOL_NOT_FOUND TOOL_REFUSED INTERPRETER_NOT_ALLOWED START_FAILED',
  ],
  [
    'A bundle that a step imports is not the expected bundle, is damaged, or is not signed.',
    BUNDLE,
    'BUNDLE_ENTRY_DIFFERS BUNDLE_ENTRY_EXTRA BUNDLE_ENTRY_MISSING BUNDLE_EXPECTATION BUNDLE_MANIFEST_INVALID BUNDLE_SIGNATURE_INVALID BUNDLE_UNSIGNED',
  ],
  [
    'An HTTP request of a step failed, or the step does not accept its response.',
    'Check the URL and the response. The message names both.',
    'HTTP_BODY_BINARY HTTP_BODY_INVALID HTTP_BODY_TOO_LARGE HTTP_CONNECTION HTTP_NO_ANSWER HTTP_STATUS HTTP_TIMEOUT HTTP_TLS HTTP_URL_INVALID',
  ],
  [
    'A connection of a step was refused or ended by the egress proxy.',
    'If the step needs the destination, add it to `egress` of the step (docs/guides/network.md).',
    'AIRGAP_EGRESS_BLOCKED EGRESS_ADDRESS_OUTSIDE EGRESS_CUT EGRESS_DENIED EGRESS_ECH EGRESS_HOST_INVALID EGRESS_IDLE EGRESS_LIMIT EGRESS_LOST EGRESS_NOT_LISTED EGRESS_PATH_OUTSIDE EGRESS_PLATFORM_HOST EGRESS_PORT_INVALID EGRESS_REQUEST_INVALID EGRESS_SCHEME_INVALID EGRESS_SNI_MISMATCH EGRESS_SNI_MISSING EGRESS_SPECIAL_ADDRESS EGRESS_TLS_INVALID',
  ],
  [
    'The name of a host cannot be resolved on the worker.',
    'Check the name in the URL of the step, and the name resolution (DNS) of the worker.',
    'EGRESS_UNRESOLVED',
  ],
  [
    'A host cannot be reached from the worker.',
    'Check the URL of the step, and that the host accepts connections from the worker.',
    'EGRESS_UNREACHABLE',
  ],
  ['A connection of a step was allowed.', 'No action is needed.', 'EGRESS_ALLOWED'],
  [
    'A secret is not available or not usable, or was found in data that must not contain it.',
    'See docs/guides/secrets.md. The message names the secret, never its value.',
    'SECRET_CHANGED SECRET_FILE_REFUSED SECRET_IN_ARTIFACT SECRET_IN_EVIDENCE SECRET_IN_OUTPUT SECRET_IN_PACK SECRET_IN_RESPONSE SECRET_NOT_TEXT SECRET_TOO_LARGE SECRET_TOO_SHORT SECRET_TRIVIAL SECRET_UNAVAILABLE SECRET_VERSION SECRET_WITHHELD SENSITIVE_INPUT_UNREADABLE',
  ],
  [
    'The worker cannot isolate or run the step.',
    'Ask the operator to check the log of the worker.',
    'CONTAINERS_UNAVAILABLE CONTAINER_EGRESS_UNAVAILABLE CONTAINER_SECRETS_UNAVAILABLE EGRESS_UNAVAILABLE ENGINE_FAILED ENGINE_LOST ENGINE_UNAVAILABLE EXECUTOR_MISSING EXECUTOR_THREW IMAGE_MISMATCH IMAGE_MISSING SANDBOX_CGROUP_UNUSABLE SANDBOX_ROOT_REFUSED SANDBOX_UNAVAILABLE SECRETS_FOLDER SUPERVISOR_EXPIRED SUPERVISOR_LOST WORKER_CANNOT_WORK',
  ],
  [
    'The process of a run in quarantine has failed. The run is driven again.',
    'See the message. If it happens again, ask the operator to check the log of the worker (`quarantine.failed`).',
    'QUARANTINE_FAILED',
  ],
  [
    'The stored records of a run were altered, are damaged, or do not allow the run to continue.',
    OPERATOR,
    'ADMISSION_INVALID ASSIGNMENT_FAULT ASSIGNMENT_HELD ASSIGNMENT_TAMPERED DECISION_UNSIGNED DRIVER_FAULT JOURNAL_TAMPERED LETTER_REFUSED LOOP_LOG_LOST ORIGINAL_GONE POLICY_LOG_LOST REPORT_UNSIGNED RESOLUTION_UNSIGNED SNAPSHOT_NOT_STORED',
  ],
  [
    'A part of the evidence was withheld or not stored.',
    'See the evidence of the run with `taskrunner inspect`.',
    'ARTIFACT_WITHHELD EVIDENCE_WITHHELD LOG_DROPPED RECORD_WITHHELD',
  ],
  [
    'The input is missing, or its upload is not complete.',
    'Pass the input again.',
    'INPUT_REQUIRED INPUT_UPLOAD_MISSING INPUT_UPLOAD_SIZE',
  ],
  [
    'The times of a schedule are invalid, or a tick did not start a run.',
    'See `taskrunner schedule show`.',
    'ACTIVE_LIMIT SCHEDULE_CRON SCHEDULE_NEVER SCHEDULE_TIME_ZONE SCHEDULE_UNSIGNED SCHEDULE_UNTIL SCHEDULE_WINDOW',
  ],
];

/** Codes of files, of configurations, and of services that do not start. */
export const CODES_OF_OPERATION: readonly Family[] = [
  [
    'A configuration is invalid.',
    'Correct the key that the message names. To check the file, use `taskrunner config check`.',
    'ADAPTER_UNKNOWN CONFIG_CHOICE CONFIG_CONFLICT CONFIG_FILE CONFIG_FORMAT CONFIG_MISSING_KEY CONFIG_RANGE CONFIG_TYPE CONFIG_UNKNOWN_KEY CONFIG_KEY_USE CONFIG_UNREACHABLE CONFIG_UNREADABLE CONFIG_UNSAFE CONFIG_VARIABLE_UNKNOWN EXECUTOR_DESCRIPTOR_INVALID EXECUTOR_TWICE ISOLATED_MAIN_MISSING ISOLATED_MAIN_NOT_FOUND OBJECT_STORE_NOT_COLLECTABLE PACK_KEY_INVALID SECRET_PROVIDER_KIND SECRET_PROVIDER_MISSING TELEMETRY_HEADERS_INVALID TELEMETRY_HEADERS_UNREADABLE WORKER_HOLDS_RUN_KEY',
  ],
  [
    'A service cannot listen on its port.',
    'Use another port, or stop the program that uses this one.',
    'DEV_PORT_UNAVAILABLE PORT_UNAVAILABLE',
  ],
  [
    'The database cannot be used.',
    'Ask the operator (docs/runbook.md).',
    'DB_ANSWER_UNREADABLE DB_BUSY DB_DENIED DB_KEYS_DIFFER DB_LOGIN_REFUSED DB_MISSING DB_PASSWORD_FILE DB_ROLE_UNSAFE DB_RUN_UNKNOWN DB_SCHEMA_BEHIND DB_SCHEMA_NEWER DB_SERVER_FAULT DB_TLS DB_UNSAFE DATABASE_CLOCK_STEPPED NO_WORKER_LIVES',
  ],
  [
    'The object store is not the one that the database of the installation knows.',
    'Correct artifacts.root, or artifacts.s3.bucket and prefix; or database.folder, if the database is new. If the objects or the database are lost, the operator runs `taskrunner maintain adopt-store`. See docs/guides/operations.md, The store of an installation.',
    'OBJECT_STORE_FOREIGN',
  ],
  [
    'The embedded database does not start.',
    'See the log in the folder of the stack. Another stack may be using the folder.',
    'DATABASE_BINARIES_MISSING DATABASE_IN_USE DATABASE_START_FAILED DATABASE_VERSION_MISMATCH',
  ],
  [
    'A storage folder cannot be used.',
    'Do what the message says. One process uses a folder at a time. See docs/guides/operations.md, Database in a folder.',
    'STORAGE_FOREIGN STORAGE_FULL STORAGE_HELD STORAGE_MOVED STORAGE_UNSUPPORTED STORAGE_UNWRITABLE',
  ],
  [
    'The development stack does not start, or cannot be used.',
    'See docs/guides/getting-started.md, and the logs in the folder of the stack.',
    'DEV_ALREADY_RUNS DEV_CONFIG_INVALID DEV_CONFIG_RESERVED DEV_LOGIN_FAILED DEV_NOT_RUNNING DEV_PROCESS_LOST DEV_START_FAILED',
  ],
  [
    'Somebody has damaged a row. It was backed up or restored without its damaged values, or left out; all others are as they were.',
    'Find out who altered the row: services never write it like this. See docs/guides/backup-and-restore.md, Damaged rows.',
    'ROW_DAMAGED',
  ],
  [
    'A backup, a restore or an import was refused.',
    'See docs/guides/backup-and-restore.md.',
    'BACKUP_DAMAGED BACKUP_EXISTS BACKUP_FORMAT BACKUP_INCOMPLETE BACKUP_INTERRUPTED BACKUP_KEYS_MISSING BACKUP_OBJECTS_MISSING BACKUP_ROWS_HIDDEN BACKUP_SCHEMA BACKUP_UNREADABLE BACKUP_UNWRITABLE RESTORE_IN_USE RESTORE_NOT_EMPTY',
  ],
  [
    'A key file cannot be used.',
    'Restore the key. See docs/guides/operations.md.',
    'KEY_FILE_EXISTS KEY_FILE_INVALID KEY_FILE_MISSING KEY_FILE_MODE KEY_UNSUPPORTED',
  ],
  [
    'Evidence, a signature or a trust file cannot be read.',
    'Download the file again. If the error persists, the original is damaged or altered.',
    'ENVELOPE_MALFORMED ENVELOPE_PAYLOAD_TYPE ENVELOPE_SIGNATURES ENVELOPE_UNTRUSTED EVIDENCE_FILE_MISSING EVIDENCE_JSON EVIDENCE_NOT_CANONICAL EVIDENCE_SHAPE TRUST_INVALID',
  ],
  [
    'Evidence cannot be sealed or exported.',
    'Ask the operator (docs/runbook.md).',
    'ATTESTOR_ANSWER_INVALID ATTESTOR_REFUSED ATTESTOR_TOKEN_REFUSED ATTESTOR_UNAVAILABLE EXPORT_REFUSED EXPORT_UNAVAILABLE',
  ],
  [
    'A scenario file or the script of a simulation is invalid.',
    'Correct the file. See docs/guides/simulation.md.',
    'SCENARIO_EXPECTS_NOTHING SCENARIO_NAME_TWICE SCENARIO_TEXT SCENARIO_TOO_MANY SCENARIO_UNKNOWN_OUTPUT SCENARIO_UNKNOWN_STEP SCRIPT_IMPOSSIBLE SCRIPT_INVALID SCRIPT_UNKNOWN_STEP SCRIPT_VALUE',
  ],
  [
    'The client library was called with an invalid option, or the server does not respond as expected.',
    'Check the server, the token and the option that the message names.',
    'CLIENT_ANSWER_INVALID CLIENT_OPTION_INVALID CLIENT_SERVER_INVALID CLIENT_SERVER_UNREACHABLE CLIENT_TOKEN_INVALID',
  ],
  ['This program has a bug.', 'Report the bug with the complete output.', 'CLI_BUG'],
];

/** Remedies of the errors of the command line. An occurrence may have a more exact one. */
export const CLI_REMEDIES = {
  CLI_USAGE: 'See the help of the command: `taskrunner COMMAND --help`.',
  CLI_FILE: 'Check that the path exists and that this user can access it.',
  BUNDLE_UNREADABLE: 'Download the bundle again with `taskrunner evidence`, and pass it unpacked.',
  CLI_AUDIT_CHAIN:
    'Keep the file. Export the chain from its first entry to another path, and ask the operator why it differs.',
  CLI_INPUT: 'Pass inputs as -i name=value, -i name=@file or --inputs FILE.',
  CLI_CONFIG: 'Check the configuration with `taskrunner config check`.',
  CLI_SERVER_MISSING:
    'Sign in with `taskrunner login --server URL`, use --server URL or set TASKRUNNER_SERVER; or run the pack without a server: `taskrunner run PACK --keep`.',
  CLI_TOKEN_MISSING: 'Sign in with `taskrunner login`, or set TASKRUNNER_TOKEN_FILE or TASKRUNNER_TOKEN.',
  CLI_CONTEXT_UNKNOWN: 'List contexts with `taskrunner context list`.',
  CLI_CONTEXTS_UNSAFE: 'Make the file readable and writable for its owner only.',
  CLI_CONTEXTS_INVALID: 'Remove the file and sign in again.',
  CLI_LOGIN_UNKNOWN:
    'Name the issuer with --issuer URL. The console of the server names it if it is enabled and built (`npx nx build console`).',
  CLI_LOGIN_UNTRUSTED: 'Check the address of the server and of the issuer, and name the issuer with --issuer URL.',
  CLI_LOGIN_FAILED: 'Try again; check the issuer, the client id and the scopes.',
  CLI_LOGIN_EXPIRED: 'Sign in again with `taskrunner login`.',
  CLI_ISSUER_UNREACHABLE: 'Check the address of the issuer, and try again.',
  CLI_SERVER_UNREACHABLE: 'Check the address, make sure that the server is running, and try again.',
  CLI_SERVER_ANSWER: 'Check that TASKRUNNER_SERVER or --server is the address of a TaskRunner server.',
  CLI_SERVER_OTHER: 'Check TASKRUNNER_SERVER or --server.',
  CLI_STEP_NOT_FOUND: 'List the steps with `taskrunner show RUN`.',
  CLI_GATE_NOT_FOUND: 'List the gates with `taskrunner gates RUN`.',
  CLI_SCHEDULE_NOT_FOUND: 'List schedules with `taskrunner schedule list`.',
  CLI_EVIDENCE_WAITS: 'Decide at the gate, or wait for the end with `taskrunner wait RUN`.',
  CLI_NOT_CONFIRMED:
    'Run the command again on a terminal, and enter what it asks for. In scripts, `approve` requires --yes --gate-digest DIGEST.',
  CLI_RESPONSE_MISSING: 'Pass --response FILE with the fields that `approve` prints.',
  CLI_RESPONSE_INVALID: 'Correct the fields that are listed, and try again.',
  CLI_REASON_MISSING: 'Pass --reason TEXT.',
  CLI_GATE_DIGEST:
    'If you passed --gate-digest, review the gate again: it has changed. Otherwise do not decide, and contact the operator.',
  CLI_RUN_NOT_FOUND: 'List runs with `taskrunner list`.',
  CLI_RUN_UNFINISHED: 'Go on with the run: `taskrunner run --resume RUN`.',
  CLI_RUN_AMBIGUOUS: 'Write more characters of the id.',
  CLI_GATE_LOCAL: 'Decide at a terminal with: `taskrunner run --resume RUN --as NAME`.',
  CLI_GATE_CHOICE: 'Name the gate after the run. List gates with `taskrunner gates RUN`.',
  CLI_OUTPUT_NOT_FOUND: 'List the outputs with `taskrunner outputs RUN`.',
  CLI_SANDBOX_MISSING:
    'Install bubblewrap, or run the pack on a server. TASKRUNNER_SANDBOX_PROFILE=none runs steps without isolation.',
  CLI_DATABASE_LOST:
    'Start the command again: the database recovers, and runs go on. If it happens again, check the memory of the machine.',
  CLI_CODE_UNKNOWN: 'Check the spelling. Codes that executors of a pack return are explained by the pack.',
} as const;

/** Meaning and remedy of a code of steps, runs, files and services; null: not known. */
export function furtherCode(code: string): { readonly meaning: string; readonly remediation: string } | null {
  const found = [...CODES_OF_RUNS, ...CODES_OF_OPERATION].find(([, , codes]) => codes.split(' ').includes(code));
  if (found !== undefined) return { meaning: found[0], remediation: found[1] };
  const [, exit] = /^EXIT_(\d{1,3})$/.exec(code) ?? [];
  return exit === undefined || Number(exit) > 255 ? null : exitOfStep(Number(exit));
}

function exitOfStep(exit: number): { readonly meaning: string; readonly remediation: string } {
  const special: Readonly<Record<number, string>> = {
    75: ' It means that the failure is temporary (EX_TEMPFAIL).',
    78: ' It means that another attempt cannot succeed (EX_CONFIG), so it is not retried.',
  };
  return {
    meaning: `The program of a step ended with exit code ${exit}.${special[exit] ?? ''}`,
    remediation: 'See its output with `taskrunner logs RUN --step STEP`. The program defines what the code means.',
  };
}
