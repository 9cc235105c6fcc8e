/** Maximum time over which a request that is not expected to wait is repeated, milliseconds. */
export const ANSWER_MS = 60_000;
