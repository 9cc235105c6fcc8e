import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommandLine } from './program';
import { calledAs } from './terminal/hints/called-as';
import { endWithoutReader } from './terminal/closed-output';
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

endWithoutReader();

void runCommandLine({
  arguments: process.argv.slice(2),
  terminal: new ProcessTerminal(calledAs({ script: process.argv[1] ?? '', folder: process.cwd(), env: process.env })),
  env: process.env,
  readStdin,
  version: ownVersion(),
  checkThread: join(__dirname, 'evidence', 'check-thread-entry.js'),
}).then((exit) => {
  process.exitCode = exit;
});
