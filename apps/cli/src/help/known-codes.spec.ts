import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { explainedCodes } from '@taskrunner/core/operations';
import type { Context } from '../commands/context';
import { CLI_ERRORS } from '../terminal/cli-error';
import { registerExplain } from './explain.command';
import { CLI_REMEDIES, CODES_OF_OPERATION, CODES_OF_RUNS } from './further-codes';

const ROOT = join(__dirname, '..', '..', '..', '..');
const SOURCES = [
  'libs/core/src/lib',
  'libs/infrastructure/src/lib',
  'libs/client/src',
  'apps/cli/src',
  'apps/worker/src',
  'apps/webservice/src',
];
/** Written like codes, and none: variables, names of constants and modules, exit codes, marks of other standards. */
const NO_CODES = new Set(
  `ALL_PROXY HTTPS_PROXY HTTP_PROXY NO_PROXY NODE_USE_ENV_PROXY MALLOC_ARENA_MAX WAYLAND_DISPLAY XDG_CONFIG_HOME XDG_DATA_HOME PG_VERSION WORKER_DATABASE_URL
  TASKRUNNER_APPROVALS_FLOOR_MIN_APPROVALS TASKRUNNER_ARTIFACTS_BUNDLE_CARRIED_BYTES TASKRUNNER_CONFIG TASKRUNNER_CONTEXT TASKRUNNER_OUTPUTS TASKRUNNER_PARENT_WATCH TASKRUNNER_SANDBOX_PROFILE TASKRUNNER_SECRETS
  TASKRUNNER_SANDBOX_BUBBLEWRAP TASKRUNNER_SERVER TASKRUNNER_TOKEN TASKRUNNER_TOKEN_FILE
  ASSUMED_ITEMS BEYOND_SCHEMA CHECK_NAMES CONTENT_CHECKS DATABASE_READINESS DEFAULT_MAX_FILES EXECUTOR_DESCRIPTORS INLINE_BYTES LARGE_VALUE_BYTES
  LONGEST_MS MAX_ACTORS MAX_DEPTH MAX_VALUE_DEPTH OBJECT_STORE_ADAPTER ORIGINAL_RUN PACK_TRUST POLICY_JUDGES SECRET_PROVIDERS SENSITIVE_INPUTS_KEY SNAPSHOT_ENTRIES
  INVALID_INPUT NOT_FOUND NOT_VERIFIED WAITS_FOR_PERSON
  EAI_AGAIN ERR_HTTP_REQUEST_TIMEOUT ERR_SCRIPT_EXECUTION_INTERRUPTED ERR_SCRIPT_EXECUTION_TIMEOUT ERR_WORKER_OUT_OF_MEMORY HPE_CHUNK_EXTENSIONS_OVERFLOW HPE_HEADER_OVERFLOW MULTIPLE_DOCS TAG_RESOLVE_FAILED SLSA_BUILD_LEVEL_2 WHEN_REQUIRED RECEIPT_DIFFERS
  BAD_DQ_ESCAPE BAD_INDENT BAD_SCALAR_START BLOCK_AS_IMPLICIT_KEY BLOCK_IN_FLOW MISSING_CHAR MULTILINE_IMPLICIT_KEY TAB_AS_INDENT UNEXPECTED_TOKEN`.split(
    /\s+/,
  ),
);

/** Every word in the sources that is written like a code. */
function codesInSources(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const folder of SOURCES)
    for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || /spec\.ts$|(^|\/)testing\//.test(name)) continue;
      const text = readFileSync(join(ROOT, folder, name), 'utf8');
      for (const [, quoted, key] of text.matchAll(
        /['"`]([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)['"`]|^ {2}([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+):/gm,
      ))
        found.add(quoted ?? key ?? '');
    }
  return found;
}

/** What `explain` prints, or the code of its error. */
async function explained(code: string): Promise<string> {
  const program = new Command('taskrunner');
  let said = '';
  const context = {
    terminal: { print: (line: string) => void (said += `${line}\n`) },
    run: async (body: () => Promise<unknown>) => {
      await body().catch((error: unknown) => (said = String((error as { code: string }).code)));
    },
  } as unknown as Context;
  registerExplain(program, context);
  await program.parseAsync(['explain', code], { from: 'user' });
  return said;
}

describe('every code that the product prints', () => {
  it('is explained', async () => {
    const codes = [...codesInSources()].filter((code) => !NO_CODES.has(code));
    expect(codes.length).toBeGreaterThan(400);
    const unknown: string[] = [];
    for (const code of codes) if ((await explained(code)) === 'CLI_CODE_UNKNOWN') unknown.push(code);
    expect(unknown).toEqual([]);
  });

  it('is explained in one place', () => {
    const further = [...CODES_OF_RUNS, ...CODES_OF_OPERATION].flatMap(([, , codes]) => codes.split(' '));
    const all = [...explainedCodes(), ...Object.keys(CLI_ERRORS), ...further];
    expect(all.filter((code, i) => all.indexOf(code) !== i)).toEqual([]);
    expect(Object.keys(CLI_REMEDIES).sort()).toEqual(Object.keys(CLI_ERRORS).sort());
  });

  it.each([
    ['EXIT_3', 'exit code 3'],
    ['QUARANTINE_FAILED', 'quarantine.failed'],
    ['EXIT_75', 'temporary'],
    ['EXIT_78', 'not retried'],
    ['RUN_ON_NOT_MET', 'skipped'],
    ['EFFECTS_UNGATED', 'warning'],
    ['CLI_NOT_CONFIRMED', 'on a terminal'],
    ['EXIT_300', 'CLI_CODE_UNKNOWN'],
  ])('%s is %s', async (code, text) => expect(await explained(code)).toContain(text));
});
