// Every block of commands in the documents has a tag that states how it is tested (CONTRIBUTING.md, "Commands in documents"). Blocks of packs,
// configuration and data are read here, by the code that reads them in the product.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { allBlocks, blocksOf, commandsOf, documents, SHELL } from './blocks.mjs';
import { readBlock } from './block-readers.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const require = createRequire(import.meta.url);
const { Command } = require('commander');
const { COMMANDS } = require('../../apps/cli/dist/program.js');
const { commandTree, allCommands } = require('../../apps/cli/dist/completion/command-tree.js');

/** Languages whose blocks are read, besides commands. */
const DATA = new Set(['yaml', 'json', 'js', 'ts']);
const SHELL_KINDS = new Set(['stack', 'offline', 'elsewhere', 'no']);

const blocks = allBlocks();
const shell = blocks.filter(({ language }) => SHELL.has(language));
const at = ({ document, line }) => `${document}:${line}`;

/** Faults of the tags of blocks. */
function faultsOfTags(list) {
  return list.flatMap((block) => {
    const { language, kind, place, tag, text } = block;
    const fault = (what) => [`${at(block)} ${what}`];
    if (language === 'text' && kind === 'printed') return text.trim() === '' ? fault('promises nothing') : [];
    if (SHELL.has(language) && !SHELL_KINDS.has(kind)) return fault(`has no tag test=${[...SHELL_KINDS].join('|')}`);
    if (kind === 'elsewhere' && !existsSync(join(ROOT, place ?? '')))
      return fault(`names ${place}, which does not exist`);
    if (kind === 'elsewhere' && place === null) return fault('names no test');
    if (kind === 'no' && !/^[a-z0-9]+(-[a-z0-9]+)+$/.test(place ?? ''))
      return fault('gives no reason: test=no:some-reason');
    if (tag.exit !== undefined && commandsOf(block).length !== 1) return fault('has exit= and not exactly one command');
    return [];
  });
}

/** Command lines of `taskrunner` in a shell block, as words. */
function linesOfTaskrunner(block) {
  return commandsOf(block).flatMap((line) =>
    [...line.matchAll(/(?:^|[;|&(]\s*|npx )taskrunner ([^|;&)]*)/g)].map(([, rest]) =>
      (rest.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).filter((word) => !/^[<>]/.test(word)),
    ),
  );
}

async function everyCommand() {
  const program = new Command('taskrunner');
  for (const [, load] of COMMANDS) (await load())(program, { program: { name: 'taskrunner', version: '0' } });
  return new Map(allCommands(commandTree(program)).map((node) => [node.path, node]));
}

/** What a command line of a document names and the command line does not have. */
function unknownIn(words, commands) {
  const names = words.slice(0, words.findIndex((word) => word.startsWith('-')) >>> 0);
  const path = [names.slice(0, 2).join(' '), names[0] ?? ''].find((one) => commands.has(one));
  if (path === undefined) return [`taskrunner ${words.join(' ')}`];
  const chain = path.split(' ').map((_, index, all) => all.slice(0, index + 1).join(' '));
  const known = new Set(['--help', ...chain.flatMap((one) => commands.get(one).options.flatMap(({ flags }) => flags))]);
  const used = words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split('=', 1)[0]);
  return used.filter((flag) => !known.has(flag)).map((flag) => `${path} ${flag}`);
}

describe('blocks of the documents', () => {
  it('each have a tag that states how they are tested, and name tests that exist', (test) => {
    assert.ok(shell.length > 40);
    assert.deepEqual(faultsOfTags(blocks), []);
    for (const kind of SHELL_KINDS) {
      const list = shell.filter((block) => block.kind === kind);
      const commands = list.reduce((sum, block) => sum + commandsOf(block).length, 0);
      test.diagnostic(`test=${kind}: ${list.length} blocks, ${commands} commands`);
    }
  });

  it('without a tag, with one that leads nowhere or with a wrong one are found', () => {
    const planted = blocksOf(
      'planted.md',
      [
        '```sh\nls\n```',
        '   ```sh test=elsewhere:tools/nowhere.mjs\n   ls\n   ```',
        '```bash test=no\nls\n```',
        '```console test=stack exit=1\nls\nls\n```',
        '```text test=printed\n```',
        '```sh test=stack\nls\n```',
      ].join('\n'),
    );
    assert.deepEqual(faultsOfTags(planted), [
      'planted.md:1 has no tag test=stack|offline|elsewhere|no',
      'planted.md:4 names tools/nowhere.mjs, which does not exist',
      'planted.md:7 gives no reason: test=no:some-reason',
      'planted.md:10 has exit= and not exactly one command',
      'planted.md:14 promises nothing',
    ]);
  });

  it('of commands are valid shell', () => {
    // One process for all: each block is the body of a function that nothing calls.
    const bodies = shell.map((block, index) => `# ${at(block)}\nblock_${index}() {\n:\n${block.text}\n}\n`);
    const { status, stderr } = spawnSync('bash', ['-n'], { input: bodies.join(''), encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
  });

  it('name commands and options of taskrunner that exist', async () => {
    const commands = await everyCommand();
    const lines = shell.flatMap((block) => linesOfTaskrunner(block).map((words) => ({ block, words })));
    assert.ok(lines.length > 80);
    const unknown = lines.flatMap(({ block, words }) => unknownIn(words, commands).map((one) => `${at(block)} ${one}`));
    assert.deepEqual(unknown, []);
    assert.deepEqual(unknownIn(['maintain', 'resume', 'RUN', '--tenent', 'acme'], commands), [
      'maintain resume --tenent',
    ]);
    assert.deepEqual(unknownIn(['frobnicate', 'RUN'], commands), ['taskrunner frobnicate RUN']);
  });

  it('and code in sentences name commands and options of taskrunner that exist', async () => {
    const commands = await everyCommand();
    const named = documents().flatMap((document) =>
      [...readFileSync(join(ROOT, document), 'utf8').matchAll(/`(?:npx )?taskrunner ([a-z][^`]*)`/g)].map(
        ([, text]) => ({
          document,
          words: text.replace(/\[(.*?)\]/g, '$1').split(/[\s|]+/),
        }),
      ),
    );
    assert.ok(named.length > 50);
    // The example of the recipe for a new command.
    commands.set('hello', { options: [] });
    assert.deepEqual(
      named.flatMap(({ document, words }) => unknownIn(words, commands).map((one) => `${document} ${one}`)),
      [],
    );
  });

  it('are mentioned by the test that executes them elsewhere: each command of taskrunner by its last word, and its options', async () => {
    const commands = await everyCommand();
    const missing = shell
      .filter(({ kind }) => kind === 'elsewhere')
      .flatMap((block) => {
        const text = readFileSync(join(ROOT, block.place), 'utf8');
        return linesOfTaskrunner(block)
          .flatMap((words) => [
            [words.slice(0, 2).join(' '), words[0]]
              .find((one) => commands.has(one))
              .split(' ')
              .at(-1),
            ...words.filter((word) => word.startsWith('--')).map((word) => word.split('=', 1)[0]),
          ])
          .filter((word) => !new RegExp(`(?<![\\w-])${word}\\b`).test(text))
          .map((word) => `${at(block)} ${word}: not in ${block.place}`);
      });
    assert.deepEqual(missing, []);
  });

  for (const block of blocks.filter(({ language, kind }) => DATA.has(language) && kind !== 'elsewhere'))
    it(`of data are what they claim to be: ${at(block)}`, async () => {
      assert.deepEqual(await readBlock(block), []);
    });

  it('of data that are not what they claim are found', async () => {
    const planted = blocksOf(
      'planted.md',
      [
        '```yaml test=configuration\nworker: { slotz: 3 }\n```',
        '```yaml test=steps\n- { id: a, run: { uses: builtin:noop }, retriez: 1 }\n```',
        '```yaml test=spec\nconcurency: { group: a }\n```',
        '```yaml test=scenarios\nname: a\nexpects: {}\n```',
        '```yaml test=fragment\na: [\n```',
        '```json\n{ "a": … }\n```',
        '```ts test=fragment\nconst = 1;\n```',
        '```yaml\na: 1\n```',
      ].join('\n'),
    );
    for (const block of planted) assert.notDeepEqual(await readBlock(block), [], at(block));
  });
});
