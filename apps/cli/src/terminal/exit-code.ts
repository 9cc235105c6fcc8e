/** Exit codes and their meanings. Scripts rely on them: a released code keeps its meaning. Help and guide print this table. */
export const EXIT_TABLE = {
  OK: { code: 0, meaning: 'The command succeeded. If it followed a run, the run succeeded too.' },
  FAILED: {
    code: 1,
    meaning: 'The result is negative: the run or a test failed, plans differ, or the state does not allow the action.',
  },
  INVALID_INPUT: { code: 2, meaning: 'The command line, a file, a pack, a configuration or a request is invalid.' },
  DENIED: { code: 3, meaning: 'The action is not permitted: token, scope, grant, policy or a missing confirmation.' },
  NOT_FOUND: { code: 4, meaning: 'The run, pack, output or other object does not exist.' },
  SEALED: { code: 5, meaning: 'Sealed mode does not allow the action, or cannot be enforced.' },
  GATE: { code: 6, meaning: 'A gate was rejected or has expired.' },
  CANCELLED: { code: 7, meaning: 'The run was cancelled.' },
  WAITS_FOR_PERSON: { code: 8, meaning: 'The run waits for a person.' },
  NOT_VERIFIED: { code: 9, meaning: 'Evidence, a signature or an audit chain could not be verified.' },
  RETRYABLE: {
    code: 10,
    meaning: 'The server is busy or unreachable, or the time to wait has expired. Try again.',
  },
  INTERNAL: { code: 11, meaning: 'An unexpected error occurred in this program or on the server. Report it.' },
  /** 128 + SIGINT, as shells report it. */
  INTERRUPTED: { code: 130, meaning: 'Ctrl-C ended the command. A run that it followed continues.' },
} as const satisfies Readonly<Record<string, { readonly code: number; readonly meaning: string }>>;

type ExitName = keyof typeof EXIT_TABLE;

/** Exit codes by name. */
export const EXIT = Object.fromEntries(Object.entries(EXIT_TABLE).map(([name, { code }]) => [name, code])) as {
  readonly [Name in ExitName]: (typeof EXIT_TABLE)[Name]['code'];
};
export type ExitCode = (typeof EXIT)[ExitName];

/** The table for `--help`. */
export function exitCodeLines(): readonly string[] {
  return Object.values(EXIT_TABLE).map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`);
}

/** Exit code for an error of the server. */
export function exitOfProblem(problem: {
  readonly status: number;
  readonly code: string;
  readonly retryable: boolean;
}): ExitCode {
  const { status, code, retryable } = problem;
  if (code.startsWith('SEALED_')) return EXIT.SEALED;
  if (code === 'GATE_EXPIRED') return EXIT.GATE;
  if (code === 'PLAN_HASH_MISMATCH') return EXIT.INVALID_INPUT;
  if (retryable || status === 429 || status === 502 || status === 503 || status === 504) return EXIT.RETRYABLE;
  if (status === 401 || status === 403) return EXIT.DENIED;
  if (status === 404) return EXIT.NOT_FOUND;
  if ([400, 413, 415, 422].includes(status)) return EXIT.INVALID_INPUT;
  if (status >= 500) return EXIT.INTERNAL;
  return EXIT.FAILED;
}

/** Exit code of the command that followed a run, by the end of the run. `error` is that of the run: `{code, …}` or null. */
export function exitOfRun(status: string, error: { readonly code?: unknown } | null): ExitCode {
  if (status === 'succeeded') return EXIT.OK;
  if (status === 'cancelled') return EXIT.CANCELLED;
  const code = typeof error?.code === 'string' ? error.code : '';
  if (code === 'GATE_REJECTED' || code === 'GATE_EXPIRED') return EXIT.GATE;
  if (code === 'POLICY_DENIED' || code === 'POLICY_UNDECIDED') return EXIT.DENIED;
  if (code.startsWith('SEALED_')) return EXIT.SEALED;
  return EXIT.FAILED;
}
