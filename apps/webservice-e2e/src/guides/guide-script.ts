import { join } from 'node:path';

/** A block of a document, as `tools/documents/blocks.mjs` prints it. */
export interface Block {
  readonly document: string;
  /** Line of its fence. */
  readonly line: number;
  readonly language: string;
  readonly kind: string | null;
  readonly tag: Readonly<Record<string, string>>;
  readonly text: string;
}

/** The address in documents. A stack of tests has a free port instead. */
const ADDRESS = 'http://127.0.0.1:8080';

/** Output files of a block. */
export function outputOf(folder: string, line: number): string {
  return join(folder, `line-${line}.txt`);
}

/**
 * One script of bash for the blocks of a page: `before` the first block, then each block in order, in one shell, as a reader types them. The
 * output of a block goes to `outputOf`; the number of the line that is executed goes to fd 3.
 */
export function guideScript(blocks: readonly Block[], before: string, server: string, outputs: string): string {
  const parts = blocks.map((block) => {
    const text = block.text.replaceAll(ADDRESS, server);
    const exit = block.tag['exit'] ?? '0';
    return [
      `echo ${block.line} >&3`,
      `exec >${outputOf(outputs, block.line)} 2>&1`,
      ...(block.kind === 'offline' ? offline(text, exit) : withStatus(text, exit)),
    ].join('\n');
  });
  return ['set -euo pipefail', before, ...parts, ''].join('\n');
}

/** A block whose commands end with 0, or one whose only command ends with `exit`. */
function withStatus(text: string, exit: string): readonly string[] {
  if (exit === '0') return [text];
  return [
    'set +e',
    text,
    'status=$?',
    'set -e',
    `[ $status = ${exit} ] || { echo "exit code $status, not ${exit}"; false; }`,
  ];
}

/** Offline commands get no server and no token. */
function offline(text: string, exit: string): readonly string[] {
  return [
    'kept_server=${TASKRUNNER_SERVER-}; kept_token=${TASKRUNNER_TOKEN-}; unset TASKRUNNER_SERVER TASKRUNNER_TOKEN',
    ...withStatus(text, exit),
    'export TASKRUNNER_SERVER=$kept_server TASKRUNNER_TOKEN=$kept_token',
  ];
}

/** Lines of a text that a guide says are printed and that are not, in this order. `…` stands for any text of a line. */
export function notPrinted(promised: string, printed: string): readonly string[] {
  const lines = printed.split('\n').map(plain);
  let at = 0;
  return promised
    .split('\n')
    .map(plain)
    .filter((line) => {
      if (line === '' || line === '…') return false;
      const pattern = new RegExp(`^${line.split('…').map(escaped).join('.*')}$`);
      const found = lines.findIndex((one, index) => index >= at && pattern.test(one));
      if (found < 0) return true;
      at = found + 1;
      return false;
    });
}

/** Columns are as wide as their longest value. */
function plain(line: string): string {
  return line.trim().replace(/\s+/g, ' ');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
