/** Why a run or a step failed. Null: not stated. */
export interface Failure {
  readonly code: string | null;
  /** Of a run: the step that failed. */
  readonly stepId: string | null;
  readonly message: string | null;
  readonly exitCode: number | null;
}

/** The failure in `error` of a run or step. Each member is checked, because a server of an earlier release may answer. */
export function failureIn(error: unknown): Failure {
  const members = (typeof error === 'object' && error !== null ? error : {}) as Readonly<Record<string, unknown>>;
  const text = (name: string): string | null => (typeof members[name] === 'string' ? members[name] : null);
  const { exitCode } = members;
  return {
    ...{ code: text('code'), stepId: text('stepId'), message: text('message') },
    exitCode: typeof exitCode === 'number' ? exitCode : null,
  };
}
