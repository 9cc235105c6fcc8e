import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommandLine } from './program';
import { ProcessTerminal } from './terminal/process-terminal';

async function readStdin(): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of process.stdin as AsyncIterable<Uint8Array>) pieces.push(piece);
  return Buffer.concat(pieces);
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as { version: string };
  return version;
}

// Closing the pipe, as `taskrunner … | head` does, is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

void runCommandLine({
  arguments: process.argv.slice(2),
  terminal: new ProcessTerminal(),
  env: process.env,
  readStdin,
  version: ownVersion(),
  checkThread: join(__dirname, 'evidence', 'check-thread-entry.js'),
}).then((exit) => {
  process.exitCode = exit;
});
