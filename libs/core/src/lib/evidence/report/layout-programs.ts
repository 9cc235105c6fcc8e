import type { Json } from '../../foundation/json';
import { json, listed, q, table, type Block, type Section, type Words } from './page';
import type { ReportContents, ReportedLog, ReportedPolicySource, ReportedProgram } from './report';

/** Maximum number of steps and logs that are shown with their texts. */
const MOST_SHOWN = 200;
const MOST_CHARACTERS = 20_000;

/** What each step of the plan runs. */
export function layoutPrograms({ programs }: ReportContents): readonly Section[] {
  const blocks: readonly Block[] =
    programs.length === 0
      ? [text('The plan has no run steps.')]
      : [
          text(
            'The command lines and scripts of the plan, as approved. At each ',
            q('{{ … }}'),
            ', a value was inserted when the step ran. The whole plan is ',
            q('plan.json'),
            ' in the bundle.',
          ),
        ];
  return [
    { level: 2, title: ['Programs'], blocks: [...blocks, ...more(programs.length)] },
    ...programs.slice(0, MOST_SHOWN).map(program),
  ];
}

function program({
  step,
  uses,
  with: supplied,
  env,
  files,
  egress,
  tools,
  secrets,
  digest,
  script,
}: ReportedProgram): Section {
  const [lines, texts] = parted(supplied);
  return {
    level: 3,
    title: ['Step ', q(step), ': ', q(uses)],
    blocks: [
      {
        kind: 'facts',
        rows: [
          ...lines.map(([name, value]): readonly [string, Words] => [`With ${name}`, [json(value)]]),
          ...(Object.keys(env).length === 0 ? [] : [['Environment', [json(env)]] as const]),
          ...(Object.keys(files).length === 0 ? [] : [['Files', [json(files)]] as const]),
          ['Tools', listed(tools)],
          ['Secrets', listed(secrets)],
          ['Allowed connections', listed(egress, 'nothing')],
          ['Digest of the step definition', [q(digest)]],
          ...(script === null ? [] : [['Script', [q(script.path), ', ', q(script.digest ?? 'missing')]] as const]),
        ],
      },
      ...texts.flatMap(([name, value]): readonly Block[] => [text('The text of ', q(name), ':'), quote(value)]),
      ...(script === null
        ? []
        : script.text === null
          ? [text('The text of the script is not in the bundle.')]
          : [text('The text of the script:'), quote(script.text)]),
    ],
  };
}

/** Members on one line, and texts on several. Unknown names of a plan are shown as JSON. */
function parted(
  supplied: ReportedProgram['with'],
): readonly [(readonly [string, Json])[], (readonly [string, string])[]] {
  const lines: (readonly [string, Json])[] = [];
  const texts: (readonly [string, string])[] = [];
  for (const [name, value] of Object.entries(supplied)) {
    if (typeof value === 'string' && (value.includes('\n') || value.length > 2_000)) texts.push([name, value]);
    else if (/^[A-Za-z][A-Za-z0-9]{0,40}$/.test(name)) lines.push([name, value]);
    else lines.push(['other', { [name]: value }]);
  }
  return [lines, texts];
}

/** What the steps yielded and wrote. */
export function layoutResults({ results, logs }: ReportContents): Section {
  return {
    level: 2,
    title: ['Results and logs'],
    blocks: [
      ...table(
        ['Step', 'Result', 'Digest of the result'],
        results.map(({ step, digest, value, isHeld }) => [
          [q(step)],
          isHeld ? [json(value)] : ['not in the bundle, or composed of the results of its steps'],
          [q(digest)],
        ]),
        'No step has a result.',
      ),
      ...table(
        ['Step', 'Execution', 'Log', 'Lines', 'Bytes', 'SHA-256', 'Where'],
        logs.map(({ step, execution, path, lines, bytes, sha256, where }) => [
          [q(step)],
          [String(execution)],
          [q(path)],
          [String(lines)],
          [String(bytes)],
          [sha256 === null ? '' : q(sha256)],
          [where],
        ]),
        'No step wrote a log.',
      ),
      ...logs.slice(0, MOST_SHOWN).flatMap(tail),
      ...more(logs.length),
    ],
  };
}

function tail({ tail, path, step, execution, lines }: ReportedLog): readonly Block[] {
  if (tail === null || tail === '') return [];
  return [
    text(`The last lines of ${lines} that step `, q(step), ` wrote, execution ${execution} (`, q(path), '):'),
    quote(tail),
  ];
}

/** The texts of the policies. */
export function policyTexts(sources: readonly ReportedPolicySource[]): readonly Block[] {
  return sources
    .slice(0, MOST_SHOWN)
    .flatMap(({ id, engine, level, digest, source, path }): readonly Block[] => [
      text('Policy ', q(id), ` (${engine}, ${level}), `, q(path), ', ', q(digest), ':'),
      quote(source),
    ]);
}

function more(count: number): readonly Block[] {
  return count <= MOST_SHOWN ? [] : [text(`${count - MOST_SHOWN} more are in the JSON form of this report.`)];
}

function quote(value: string): Block {
  return {
    kind: 'quote',
    text:
      value.length <= MOST_CHARACTERS ? value : `${value.slice(0, MOST_CHARACTERS)}\n… (${value.length} characters)`,
  };
}

function text(...words: Words): Block {
  return { kind: 'text', words };
}
