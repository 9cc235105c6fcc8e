// Run with `node --test tools/names.test.mjs`. Declared names use standard terms; replaced words must not return. Persisted spellings stay,
// each with its reason.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { it } from 'node:test';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['libs', 'apps', 'tools'];
const LEFT_OUT = new Set(['node_modules', 'dist', '.nx', 'peers']);

/** Words that no declared name may contain, with their replacements. */
const WORDS = new Map([
  ['hands', 'dependencies'],
  ['draught', 'turn (TurnBuilder)'],
  ['given', 'input (InputEvent), or what it is'],
  ['letter', 'message (InboxMessage)'],
  ['mail', 'inbox'],
  ['sight', 'context (BindingContext)'],
  ['lend', 'dispatch'],
  ['lent', 'dispatched, assigned'],
  ['lender', 'dispatcher (FanOutDispatcher)'],
  ['lending', 'fanOut'],
  ['offer', 'dispatch, assignment'],
  ['ground', 'context (ExecutionContext)'],
  ['breath', 'yieldToEventLoop'],
  ['tainted', 'upstreamFailed'],
  ['unbegun', 'notStarted'],
  ['told', 'reported, announced, or what it is'],
  ['tell', 'report, send, deliver'],
  ['teller', 'reporter'],
  ['standing', 'status (assignmentStatus), or what it is'],
  ['condemn', 'markPoisoned, deletionMark'],
  ['condemned', 'poisoned, marked'],
  ['alone', 'isolated'],
  ['apart', 'isolated'],
  ['shelf', 'mount (RegistryMount)'],
  ['shelves', 'mounts'],
  ['door', 'batcher (RequestBatcher)'],
  ['desk', 'store (GateStore, AttentionStore)'],
  ['workforce', 'workerDirectory'],
  ['incarnation', 'workerSession'],
  ['doubt', 'unreadable (UnreadableRegions)'],
  ['doubted', 'unreadable'],
  ['patiently', 'withRetry'],
  ['furnish', 'prepare'],
  ['lay', 'write'],
  ['laid', 'written'],
  ['harvest', 'collect'],
  ['salvage', 'collectPartial'],
  ['salvaged', 'partial'],
  ['exposition', 'metricsText (MetricsExporter)'],
  ['flight', 'inFlight (InFlightExecution)'],
]);
/** Whole names. */
const NAMES = new Map([
  ['Draft', 'Transition'],
  ['Part', 'QueuedInput'],
  ['Arrivals', 'InputQueue'],
  ['HeldCommands', 'PostCommitDispatcher'],
  ['AheadWindow', 'PreCommitWindow'],
  ['Driving', 'DriverHandle, ActiveRun'],
  ['within', 'withTimeout, joinScope, isWithin'],
  ['isWanted', 'isStillRelevant'],
  ['spread', 'drainSignals'],
  ['fall', 'beginEnding'],
  ['deriveds', 'derivedEvents'],
  ['InTurn', 'SerialQueue'],
  ['Grouped', 'RequestBatcher'],
  ['Past', 'ReplayState'],
  ['Results', 'RunProjection'],
  ['Case', 'VerificationSession'],
  ['KnownTexts', 'DocumentCache'],
  ['TakenOver', 'Reuse'],
  ['NOTHING_TAKEN', 'NO_REUSE'],
  ['judgeNoise', 'classifyControlSequence'],
]);
/** Persisted spellings and regular English: file, names, reason. */
const KEPT = [
  [
    /core\/src\/lib\/step\/step-state\.ts$|core\/src\/lib\/run\/(?:transition|advance|leaf)\.ts$/,
    ['tainted', 'unbegun'],
    'fields of StepState: snapshots hold them',
  ],
  [
    /core\/src\/lib\/(?:evidence\/|operations\/[\w/-]+\/(?:inbox-arrival|run-secrets\.spec))/,
    ['letter', 'letterNote'],
    'a field of notes in journals, and of alarms',
  ],
  [
    /evidence\/records\/journal-shape\.ts$|evidence\/verify\/check\/check-resolutions\.spec\.ts$/,
    ['given'],
    'a kind of journal entry',
  ],
  [/core\/src\/lib\/simulation\//, ['given'], 'a key of scripts and scenarios'],
  [
    /core\/src\/lib\/(?:journal\/log-line|operations\/execution\/execution-log|planner\/laws\/laws\.spec)\.ts$/,
    ['LEVEL_LETTERS', 'LEVELS_BY_LETTER', 'LETTERS', 'letter', 'letters'],
    'letters of the alphabet',
  ],
  [
    /postgres\/(?:flush|claims)\/(?:flush-statement|flush-values|claimed-run)(?:\.spec)?\.ts$|infrastructure\/src\/testing\/model\//,
    ['given', 'lent'],
    'a column, and an arm of a statement',
  ],
  [/infrastructure\/src\/testing\/model\//, ['alone_fence'], 'a column'],
  [/worker\/src\/loops\/duties\.ts$/, ['mail', 'standings'], 'duties as logs and metrics name them'],
  [/webservice\/src\/logs\//, ['toldAt'], 'a field of a server-sent event'],
  [/telemetry\/watch-fleet\.ts$/, ['incarnation'], 'a field of log lines'],
  [/postgres\/migrations\//, ['workforce', 'drivenAlone'], 'names of migrations that databases hold'],
  [
    /postgres\/backup\/|backup\.e2e-spec\.ts$/,
    ['standing', 'standingRuns'],
    'members of what the command prints, and of an audit entry',
  ],
  [/postgres-schedule-store\.int-spec\.ts$/, ['given'], 'a column'],
  [/expression\/laws\/compliance\.spec\.ts$/, ['given'], 'a key of the JMESPath suite'],
  [/tools\/chaos\/main\.mjs$/, ['unbegun'], 'a figure of campaigns, named as the event is'],
  [/tools\/generators\/configuration-key\//, ['letter'], 'letters of the alphabet'],
];

const PLURALS = new Set([...WORDS.keys()].map((word) => `${word}s`));
const wordsOf = (name) =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[ _$]+/);

/** The replacement of a declared name that is not allowed; null if it is allowed. */
function oldName(name, type) {
  if (/^x$/.test(name) && /\bPlanIndex\b/.test(type)) return 'index';
  const whole = NAMES.get(name);
  if (whole !== undefined) return whole;
  const words = wordsOf(name);
  for (const [place, word] of words.entries()) {
    if (word === 'flight' && words[place - 1] === 'in') continue;
    const instead = WORDS.get(word) ?? (PLURALS.has(word) ? WORDS.get(word.slice(0, -1)) : undefined);
    if (instead !== undefined) return instead;
  }
  return null;
}

/** A word with the syntax of a name, including the `#` of private names. */
const WORD = /#?[\p{ID_Start}$_][\p{ID_Continue}$_]*/gu;
const words = new Map();
/** True if a word would be a replaced name in a declaration. */
function isOldWord(word) {
  if (!words.has(word)) words.set(word, oldName(word.replace(/^#/, ''), 'PlanIndex') !== null);
  return words.get(word);
}

/** A line that contains only a comment, in the style of the formatter, which begins no line of code with an operator. */
const COMMENT = /^ *(?:\/\/.*|\/\*(?:(?!\*\/).)*(?:\*\/)?|\*(?: .*|\/)?)$/gm;

/** False if no word of the text is a replaced name. Names may contain escapes. */
const mayDeclareOldName = (text) =>
  text.includes('\\u') || text.replace(COMMENT, '').match(WORD)?.some(isOldWord) === true;

/** Replaced names that a source text declares: name, line and replacement. A text is parsed only if it may contain one. */
function oldNames(file, text) {
  if (!mayDeclareOldName(text)) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false);
  const found = [];
  const visit = (node) => {
    const { name } = node;
    const isAlias = ts.isPropertyAccessExpression(node) || ts.isImportSpecifier(node) || ts.isExportSpecifier(node);
    if (name !== undefined && !isAlias && (ts.isIdentifier(name) || ts.isPrivateIdentifier(name))) {
      const instead = oldName(name.text.replace(/^#/, ''), node.type ? text.slice(node.type.pos, node.type.end) : '');
      const line = () => source.getLineAndCharacterOfPosition(name.end).line + 1;
      if (instead !== null) found.push({ name: name.text, line: line(), instead });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!LEFT_OUT.has(entry.name)) yield* filesBelow(path);
    } else if (/\.(?:tsx?|mjs|cjs)$/.test(entry.name)) yield path;
  }
}

const all = FOLDERS.flatMap((folder) => [...filesBelow(join(ROOT, folder))]).map((path) => {
  const file = relative(ROOT, path).replaceAll('\\', '/');
  return { file, found: oldNames(file, readFileSync(path, 'utf8')) };
});

it('declared names are none of the old ones', () => {
  const isKept = (file, name) => KEPT.some(([where, names]) => where.test(file) && names.includes(name));
  assert.deepEqual(
    all.flatMap(({ file, found }) =>
      found
        .filter(({ name }) => !isKept(file, name))
        .map(({ name, line, instead }) => `${file}:${line} ${name}: write ${instead}`),
    ),
    [],
  );
});

it('an old name that is planted is found, whatever declares it', () => {
  const planted = [
    'export interface DriverHands { readonly letter: number }',
    'export function tellAll(given: string, x: PlanIndex): void {}',
    'const { lent, inFlight } = all; class Draft {}',
  ];
  const names = ['DriverHands', 'letter', 'tellAll', 'given', 'x', 'lent', 'Draft'];
  const file = 'libs/core/src/lib/run/planted.ts';
  const found = (text) => oldNames(file, text).map(({ name }) => name);
  assert.deepEqual(found(planted.join('\n')), names);
  // Tested separately, because no other name causes the text to be parsed.
  for (const one of ['class Driver { #letter = 1; }', 'let x: PlanIndex;', 'let \\u0067iven;', '/** A. */ let given;'])
    assert.equal(found(one).length, 1, one);
});

it('each exception is needed', () => {
  const needless = KEPT.flatMap(([where, names]) => {
    const old = all.filter(({ file }) => where.test(file)).flatMap(({ found }) => found.map(({ name }) => name));
    return names.filter((name) => !old.includes(name));
  });
  assert.deepEqual(needless, []);
});

/** Files whose names are kept, with the reason. */
const KEPT_FILES = [
  [
    /postgres\/migrations\/(?:30-62\/30-workforce|80-99\/84-driven-alone)\.ts$/,
    'migrations that databases hold by these names',
  ],
];

function* namedFilesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) yield path;
    else if (!LEFT_OUT.has(entry.name)) yield* namedFilesBelow(path);
  }
}

/** The replacement of a file's name; null if it is allowed. */
const oldFileName = (path) => oldName(basename(path).replace(/\..*$/s, '').replaceAll('-', '_'), '');

const named = FOLDERS.flatMap((folder) => [...namedFilesBelow(join(ROOT, folder))]).map((path) =>
  relative(ROOT, path).replaceAll('\\', '/'),
);

it('names of files are none of the old ones', () => {
  const old = named.filter((path) => oldFileName(path) !== null && !KEPT_FILES.some(([where]) => where.test(path)));
  assert.deepEqual(
    old.map((path) => `${path}: write ${oldFileName(path)}`),
    [],
  );
});

it('an old name of a file is found, and each exception is needed', () => {
  assert.equal(
    oldFileName('libs/infrastructure/src/lib/postgres/submission/post-letter.sql'),
    'message (InboxMessage)',
  );
  for (const [where] of KEPT_FILES)
    assert.ok(
      named.some((path) => where.test(path) && oldFileName(path) !== null),
      String(where),
    );
});
