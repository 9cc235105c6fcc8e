/** 128 + SIGPIPE: the exit status of a program whose reader has gone. */
const READER_GONE = 141;
/** How long a command may run on without a reader. One that checks something ends within it, and keeps its exit status. */
const GRACE_MS = 1_000;

/** Ends the command after its reader has closed standard output or standard error (`… | head`). */
export function endWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      setTimeout(() => process.exit(READER_GONE), GRACE_MS).unref();
    });
}

/** Keeps a service running without a reader: nobody may read its output for a while, for example during the restart of a log collector. */
export function continueWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.removeAllListeners('error').on('error', () => undefined);
}
