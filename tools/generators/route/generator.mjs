import { generateFiles } from '@nx/devkit';
import { join } from 'node:path';
import ts from 'typescript';
import { atEndOf, beforeFirst, noteChange } from '../document.mjs';
import { finished } from '../finish.mjs';
import { namesOf } from '../names.mjs';
import { mustBeNew, mustHaveRoom, oneOf, refuse, sentenceOf } from '../refusal.mjs';
import { Source } from '../source.mjs';

const WEB = 'apps/webservice/src';
const PROBLEMS = 'libs/core/src/lib/operations/problems';
const GUIDE = 'docs/guides/operations.md';
const HEADING = '## What a run can be asked over HTTP';
/** People of the development Authority with and without a scope, of the same tenant. */
const PEOPLE = {
  'packs.read': ['ada', null],
  'packs.run': ['ada', 'grace'],
  'packs.approve': ['grace', 'ada'],
  'packs.admin': ['ops', 'ada'],
};

/** A route about one run: scope, OpenAPI entry, error code and tests. */
export default async function route(tree, options) {
  const names = namesOf('name', options.name);
  const about = sentenceOf('about', options.about);
  const scope = oneOf('scope', options.scope ?? 'packs.read', Object.keys(PEOPLE));
  const { kebab, pascal, camel } = names;
  const code = `${names.constant}_NOT_READY`;
  mustBeNew(tree, 'name', `${WEB}/${kebab}`);
  mustBeNew(tree, 'name', `${WEB}/testing/api/${kebab}.ts`);
  mustHaveRoom(tree, 'name', `${WEB}/testing/api`, 1);
  const taken = pathsOf(tree, WEB).find(({ text }) =>
    new RegExp(`'(runs/:runId/)?${kebab}'|id: 'get${pascal}'`).test(text),
  );
  if (taken !== undefined) refuse('name', `${taken.path} has such a route already.`, 'Choose another name.');

  const schemas = new Source(tree, `${WEB}/openapi/schemas/runs.ts`);
  const examples = new Source(tree, `${WEB}/openapi/examples/runs.ts`);
  const table = new Source(tree, `${PROBLEMS}/problem-table.ts`);
  const codes = new Source(tree, `${PROBLEMS}/problem-code.ts`);
  const isTaken =
    listedIn(tree, 'schemas').has(pascal) ||
    listedIn(tree, 'examples').has(camel) ||
    table.membersOf(table.valueOf('PROBLEMS')).includes(code);
  if (isTaken)
    refuse(
      'name',
      `OpenAPI schema ${pascal}, example ${camel} or code ${code} is there already.`,
      'Choose another name.',
    );

  const [may, mayNot] = PEOPLE[scope];
  const ofOthers = { ada: 'mallory', grace: 'mallory', ops: null }[may];
  const who = { may, mayNot, ofOthers };
  const values = { ...names, ...who, about, scope, code, summary: about.replace(/\.$/, ''), tmpl: '' };
  generateFiles(tree, join(import.meta.dirname, 'files'), WEB, values);
  schemas.append(
    schemas.valueOf('RUN_SCHEMAS'),
    `${pascal}: closed({ runId: text, status: text, finishedAt: instant })`,
  );
  schemas.write();
  examples.append(
    examples.valueOf('RUN_EXAMPLES'),
    `${camel}: { runId: RUN, status: 'succeeded', finishedAt: '2026-11-24T10:00:09.000Z' }`,
  );
  examples.write();
  addCode(codes, table, code);
  serve(tree, names);
  promise(tree, names);
  document(tree, { kebab, about, scope, code });

  return finished(tree, [
    `${WEB}/${kebab}/${kebab}.controller.ts: what it answers, and when ${code} is thrown.`,
    `${WEB}/openapi/schemas/runs.ts and examples/runs.ts: the shape of the answer.`,
    'npm run client:types: the types of the client.',
    'A route that changes something takes a body (…body.ts), and an Idempotency-Key where it may be sent twice: see runs/rerun.controller.ts.',
  ]);
}

function pathsOf(tree, folder) {
  return tree.children(folder).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (!tree.isFile(path)) return pathsOf(tree, path);
    return path.endsWith('.controller.ts') ? [{ path, text: tree.read(path, 'utf8') }] : [];
  });
}

/** Names of all schemas or examples of the OpenAPI document: of the list, and of the lists per resource that it consists of. */
function listedIn(tree, list) {
  const folder = `${WEB}/openapi/${list}`;
  const paths = [`${folder}.ts`, ...tree.children(folder).map((name) => `${folder}/${name}`)];
  return new Set(
    paths.flatMap((path) => {
      const source = new Source(tree, path);
      return source.lists().flatMap((object) => source.membersOf(object));
    }),
  );
}

function addCode(codes, table, code) {
  const union = codes.find('type ApiCode', (node) => ts.isTypeAliasDeclaration(node) && node.name.text === 'ApiCode');
  const last = union.type.types.at(-1);
  codes.insert(union.type.types.at(-2).getEnd(), `\n  | '${code}'`);
  if (last === undefined) throw new Error('ApiCode is no union.');
  codes.write();
  table.append(
    table.valueOf('PROBLEMS'),
    `  ${code}: {
    status: 409,
    title: 'The run has not ended',
    remediation: 'Wait until the run has ended, and try again.',
    retryable: true,
  }`,
  );
  table.write();
}

function serve(tree, { kebab, pascal }) {
  const module = new Source(tree, `${WEB}/webservice.module.ts`);
  module.import([`${pascal}Controller`], `./${kebab}/${kebab}.controller`);
  module.append(module.valueOf('CONTROLLERS'), `${pascal}Controller`);
  module.write();
}

/** The line before the tests that stop the webservice. Tests after it would get no response. */
const LAST = '// The last one: nothing answers behind it.';

/** The responses of the whole webservice are compared with its OpenAPI document. */
function promise(tree, { kebab, pascal }) {
  const path = `${WEB}/webservice.int-spec.ts`;
  const spec = new Source(tree, path);
  const last = spec.text.indexOf(LAST);
  if (last < 0) throw new Error(`${path} has no "${LAST}": the generator no longer fits the repository.`);
  spec.import([`describe${pascal}`], `./testing/api/${kebab}`);
  spec.insert(last, `describe${pascal}(api);\n`);
  spec.write();
}

function document(tree, { kebab, about, scope, code }) {
  if (!tree.read(GUIDE, 'utf8').includes(`\n${HEADING}\n`)) {
    const head = ['| route | scope | answers |', '|---|---|---|'];
    beforeFirst(tree, GUIDE, '## Limits', HEADING, '', ...head, '');
  }
  const row = `| \`GET /api/runs/{runId}/${kebab}\` | \`${scope}\` | ${about} Before the run has ended: 409 \`${code}\` |`;
  atEndOf(tree, GUIDE, HEADING, row);
  noteChange(tree, `**Route** \`GET /api/runs/{runId}/${kebab}\` (scope \`${scope}\`): ${about}`);
}
