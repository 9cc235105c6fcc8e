import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isNight } from '../stack/at-night';
import { DevStack, ROOT } from '../stack/stack';
import { guideScript, notPrinted, outputOf, type Block } from './guide-script';
import { GuideTerminal } from './guide-terminal';

// Executes every block of the documents with the tag `test=stack` or `test=offline` (CONTRIBUTING.md, "Commands in documents").
const BLOCKS = JSON.parse(
  execFileSync(process.execPath, [join(ROOT, 'tools', 'documents', 'blocks.mjs')], {
    encoding: 'utf8',
    maxBuffer: 1e8,
  }),
) as readonly Block[];
const EXECUTED = new Set(['stack', 'offline']);
const PROGRAMS = ['bwrap', 'curl', 'jq', 'openssl'] as const;
/** Each run of this pack waits for its retries. The guide that begins with it runs it in every change. */
const AT_NIGHT = 'etc/packs/failure-and-cleanup/docs/usage.md';
const PAGES = [
  ...new Set(BLOCKS.filter(({ kind }) => EXECUTED.has(kind ?? '')).map(({ document }) => document)),
].filter((document) => isNight || document !== AT_NIGHT);

/** What a guide presupposes: commands of `<page>.sh` beside this file. */
function preparationOf(page: string): string {
  const path = join(__dirname, `${basename(page, '.md')}.sh`);
  return page.startsWith('docs/guides/') && existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Programs of Debian that a page needs and that are not installed. */
function missingFor(page: string): readonly string[] {
  const texts = BLOCKS.filter(({ document, kind }) => document === page && EXECUTED.has(kind ?? '')).map(
    ({ text }) => text,
  );
  const text = [preparationOf(page), ...texts].join('\n');
  return PROGRAMS.filter((name) => new RegExp(`\\b${name}\\b`).test(text) && spawnSync('which', [name]).status !== 0);
}

interface Ended {
  readonly status: number | null;
  /** Line of the block that was executed last. */
  readonly line: number;
  readonly said: string;
}

/** Executes a script in a process of bash. It reports the line of each block on fd 3. */
function bash(script: string, folder: string, env: Readonly<Record<string, string | undefined>>): Promise<Ended> {
  const child = spawn('bash', ['-c', script], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  let [said, lines] = ['', ''];
  for (const fd of [1, 2]) child.stdio[fd]?.on('data', (piece: Buffer) => void (said += piece.toString()));
  child.stdio[3]?.on('data', (piece: Buffer) => void (lines += piece.toString()));
  return new Promise((resolve) => {
    child.on('close', (status) => resolve({ status, line: Number(lines.trim().split('\n').at(-1)), said }));
  });
}

describe('the guides', () => {
  let folder: string;
  let stack: DevStack;
  let terminal: GuideTerminal;
  const tokens: Record<string, string> = {};

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'guides-'));
    stack = await DevStack.shared('plain');
    terminal = await GuideTerminal.open(stack, join(folder, 'calls'));
    for (const login of ['ada', 'grace', 'linus', 'ops']) tokens[login.toUpperCase()] = await stack.tokenFor(login);
  }, 120_000);

  afterAll(async () => {
    await terminal?.close();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** A folder as a reader sees it: the repository, with a stack that `taskrunner dev` keeps in it. */
  const readersFolder = (page: string): string => {
    const own = join(folder, page.replaceAll('/', '_'));
    mkdirSync(own);
    const left = new Set(['.git', '.nx', '.taskrunner', 'test-report.json']);
    for (const name of readdirSync(ROOT).filter((one) => !left.has(one)))
      symlinkSync(join(ROOT, name), join(own, name));
    symlinkSync(stack.stateDirectory, join(own, '.taskrunner'));
    return own;
  };

  it.each(PAGES)(
    '%s',
    async (page) => {
      const missing = missingFor(page);
      if (missing.length > 0) {
        if (process.env['CI'] === 'true') throw new Error(`not installed: ${missing.join(', ')}`);
        return console.warn(`left out: ${missing.join(', ')} is not installed`);
      }
      const blocks = BLOCKS.filter(({ document }) => document === page);
      const outputs = mkdtempSync(join(folder, 'outputs-'));
      const before = ['. "$TERMINAL"', preparationOf(page)].join('\n');
      const executed = blocks.filter(({ kind }) => EXECUTED.has(kind ?? ''));
      const script = guideScript(executed, before, stack.server, outputs);
      const own = readersFolder(page);
      const env = {
        ...{ PATH: process.env['PATH'], HOME: own, TERMINAL: join(__dirname, 'terminal.sh'), ...terminal.variables },
        ...{ TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: tokens['ADA'], ...tokens },
        ...{ STACK_CONFIGURATION: stack.configurationPath, STACK_REGISTRY: stack.registry },
      };
      const { status, line, said } = await bash(script, own, env);
      const printed = (at: number): string =>
        existsSync(outputOf(outputs, at)) ? readFileSync(outputOf(outputs, at), 'utf8') : '';
      const block = executed.find((one) => one.line === line);
      const failure = status === 0 ? '' : `${page}:${line}\n${block?.text}\n${printed(line)}${said}`;
      expect(failure).toBe('');
      expect(status).toBe(0);
      // What a page says that the commands before print.
      for (const { line: at, text } of blocks.filter(({ kind }) => kind === 'printed')) {
        const command = executed.findLast((one) => one.line < at)?.line ?? 0;
        expect({ at: `${page}:${at}`, missing: notPrinted(text, printed(command)), printed: printed(command) }).toEqual(
          {
            at: `${page}:${at}`,
            missing: [],
            printed: printed(command),
          },
        );
      }
    },
    180_000,
  );
});
