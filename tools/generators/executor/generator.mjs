import { generateFiles } from '@nx/devkit';
import { join } from 'node:path';
import ts from 'typescript';
import { beforeFirst, noteChange } from '../document.mjs';
import { finished } from '../finish.mjs';
import { namesOf } from '../names.mjs';
import { mustBeNew, oneOf, refuse, sentenceOf } from '../refusal.mjs';
import { Source } from '../source.mjs';

const CORE = 'libs/core/src/lib';
const EXECUTORS = 'libs/infrastructure/src/lib/executors';

/** A built-in executor, registered with the planner, simulations, the verifier (if it is pure) and the worker. */
export default async function executor(tree, options) {
  const names = namesOf('name', options.name);
  const about = sentenceOf('about', options.about);
  const effects = oneOf('effects', options.effects ?? 'pure', ['pure', 'idempotent', 'once']);
  const { kebab } = names;
  const uses = `builtin:${kebab}`;
  mustBeNew(tree, 'name', `${EXECUTORS}/${kebab}-executor.ts`);
  const planner = new Source(tree, `${CORE}/plan/builtin-executors.ts`);
  const known = planner.valueOf('BUILTIN_EXECUTORS');
  if (known.getText().includes(`'${uses}'`)) refuse('name', `${uses} is there already.`, 'Choose another name.');
  const isPure = effects === 'pure';

  planner.append(
    known,
    `{
    uses: '${uses}',
    behaviour: 1,
    effects: '${effects}',
    parameters: { value: { schema: ANY, required: true } },
    declares: false,
    outputs: { from: 'parameters' },
  }`,
  );
  planner.write();
  if (isPure) derive(tree, uses);
  register(tree, names, uses);
  const files = join(import.meta.dirname, 'files');
  generateFiles(tree, join(files, 'core'), CORE, { ...names, about, uses, effects, isPure, tmpl: '' });
  generateFiles(tree, join(files, isPure ? 'pure' : 'acting'), EXECUTORS, { ...names, about, uses, effects, tmpl: '' });
  generateFiles(tree, join(files, 'spec'), EXECUTORS, { ...names, about, uses, effects, tmpl: '' });
  document(tree, { kebab, about, isPure });

  return finished(tree, [
    `Parameters, outputs and effects: ${CORE}/plan/builtin-executors.ts.`,
    isPure ? `What it comes to: ${CORE}/binding/pure-step.ts.` : `What it does: ${EXECUTORS}/${kebab}-executor.ts.`,
    'Its row in docs/guides/writing-packs.md, and a scenario in libs/core/src/testing/forge/packs.ts if it writes what others do not.',
    'The digest of the verifier changes with the next release: npm run build:verifier -- --note.',
  ]);
}

/** Derivation of a pure step's result, for the verifier and simulations. */
function derive(tree, uses) {
  const step = new Source(tree, `${CORE}/binding/pure-step.ts`);
  const union = step.find(
    'type PureBuiltin',
    (node) => ts.isTypeAliasDeclaration(node) && node.name.text === 'PureBuiltin',
  );
  step.insert(union.type.getEnd(), ` | '${uses}'`);
  step.append(listOfNames(step), `'${uses}'`);
  const cases = step.find('switch', ts.isSwitchStatement).caseBlock.clauses;
  step.insert(
    cases.at(-1).getEnd(),
    `
    case '${uses}':
      // Go on here: the result, which depends only on the parameters.
      return { kind: 'succeeded', outputs: { value: parameters['value'] ?? null } };`,
  );
  step.write();

  const assumed = new Source(tree, `${CORE}/simulation/assumed-outcome.ts`);
  assumed.import(['pureOutcome'], '../binding/pure-step');
  const last = assumed.find('default of a switch', ts.isDefaultClause);
  assumed.insert(
    last.getStart(assumed.file),
    `case '${uses}': {
      const made = parameters === null ? null : pureOutcome('${uses}', parameters);
      if (made?.kind === 'succeeded') return succeeded(knowledge.keep(made.outputs));
      if (made !== null) return failed(made.code, made.message, made.retryable);
      knowledge.assume(step, \`\${unknown ?? 'its parameters'} is not known, so values that depend on it are unknown\`);
      break;
    }
    `,
  );
  assumed.write();
}

function listOfNames(step) {
  const names = step.find('set NAMES', (node) => ts.isVariableDeclaration(node) && node.name.getText() === 'NAMES');
  return step.find('list of NAMES', ts.isArrayLiteralExpression, names);
}

/** Registers the executor with the worker. */
function register(tree, { kebab, pascal }, uses) {
  const made = new Source(tree, `${EXECUTORS}/builtin-executors.ts`);
  made.import([`${pascal}Executor`], `./${kebab}-executor`);
  made.append(made.valueOf('MAKE_BUILTIN'), `'${uses}': ({ declared }) => new ${pascal}Executor(declared)`);
  made.write();
}

/** The guide's section, and the lists of all pure steps. */
function document(tree, { kebab, about, isPure }) {
  beforeFirst(
    tree,
    'docs/guides/writing-packs.md',
    '| `pack:./folder`',
    `| \`${kebab}\` | \`value\` | \`value\`. ${about} |`,
  );
  if (isPure)
    for (const path of ['docs/guides/evidence-and-verification.md', 'docs/threat-model.md']) {
      const text = tree.read(path, 'utf8');
      const longer = text.replaceAll(/(`noop`(?:, `[^`]+`)+) and (`[^`]+`)/g, `$1, $2 and \`${kebab}\``);
      if (longer === text) throw new Error(`${path} lists no pure steps: the generator no longer fits the repository.`);
      tree.write(path, longer);
    }
  noteChange(tree, `**Executor** \`builtin:${kebab}\`: ${about}`);
}
