/** How long a command that follows a run goes on without an answer of the server, milliseconds. */
export const PATIENCE_MS = 60_000;
