import { basesInWords, type Check } from '../verify/check/check';
import { serviceCaveat } from './service-caveat';
import { joined, json, q, table, who, type Block, type Section, type Words } from './page';
import { causesOf } from './first-cause';
import { ending, initiators, layoutAnswer } from './layout-answer';
import { layoutGates, layoutPolicies } from './layout-gates';
import { layoutPaper } from './layout-paper';
import { layoutPrograms, layoutResults } from './layout-programs';
import { layoutArtifacts, layoutEffects, layoutEgress, layoutPlan, layoutSteps } from './layout-run';
import type { Report, ReportContents, ReportedRun, Verdict } from './report';

/** Lays a report out. Never throws because of a document's content. */
export function layoutOf(report: Report): readonly Section[] {
  return [verdictSection(report), ...contents(report), layoutPaper(report), checksSection(report.verdict)];
}

function contents(report: Report): readonly Section[] {
  const { contents, unreadable } = report;
  const broken = (why: string): readonly Section[] => [
    { level: 2, title: ['The run'], blocks: [text('The documents of this bundle cannot be read: ', q(why), '.')] },
  ];
  if (contents === null) return broken(unreadable ?? 'unknown');
  try {
    return [
      layoutAnswer(contents),
      run(contents.run),
      inputs(contents),
      layoutPlan(contents.plan),
      ...layoutPrograms(contents),
      ...layoutGates(contents),
      layoutPolicies(contents),
      layoutEffects(contents),
      layoutEgress(contents.egress),
      layoutArtifacts(contents.artifacts),
      layoutSteps(contents.steps, contents.run),
      layoutResults(contents),
      secrets(contents),
      exceptions(contents),
    ];
  } catch (error) {
    return broken(`malformed (${error instanceof Error ? error.name : 'unknown'})`);
  }
}

function text(...words: Words): Block {
  return { kind: 'text', words };
}

function verdictSection({ verdict, bundle, contents }: Report): Section {
  const title: Words = contents === null ? ['Evidence report'] : ['Evidence report: run ', q(contents.run.id)];
  return {
    level: 1,
    title,
    blocks: [
      ...headline(verdict),
      ...caveat(verdict),
      {
        kind: 'facts',
        rows: [
          ['Bundle', [q(bundle.name), `, ${bundle.size} bytes`]],
          ['SHA-256 of the bundle', [q(bundle.sha256)]],
          ...trustRow(verdict),
        ],
      },
      text(
        verdict.status === 'unverified'
          ? 'What no verification can prove:'
          : 'What this verification does not prove, even if every check holds:',
      ),
      {
        kind: 'list',
        items: verdict.residuals.map(({ check, basis, text }): Words => {
          return check === null ? [text] : [`${check} (${basis ?? ''}): ${text}`];
        }),
      },
    ],
  };
}

function trustRow({ trust }: Verdict): readonly (readonly [string, Words])[] {
  if (trust === null) return [];
  return [['Trust file', [q(trust.id), `, serial ${trust.serial}, expires `, q(trust.expires)]]];
}

/** What only the keys of the services prove: beside the verdict, which would else be taken for more. */
function caveat({ status, checks }: Verdict): readonly Block[] {
  const said = status === 'verified' ? serviceCaveat(checks) : null;
  return said === null ? [] : [{ kind: 'warning', words: [said] }];
}

function headline({ status, summary, cause, checks, concessions }: Verdict): readonly Block[] {
  if (status === 'unverified')
    return [
      {
        kind: 'bad',
        words: [
          'NOTHING WAS VERIFIED. This report shows the unverified contents of the bundle. Use a trust file to verify it.',
          ...unsignedWords(checks),
        ],
      },
      ...concessions.map((words) => ({ kind: 'bad', words: [words] }) as const),
    ];
  if (cause === null && concessions.length > 0)
    return [
      {
        kind: 'warning',
        words: [
          `VERIFIED WITH A CONCESSION: all ${checks.length} checks hold (${basesInWords(checks)}). `,
          q(summary ?? ''),
        ],
      },
      ...concessions.map((words) => ({ kind: 'warning', words: [words] }) as const),
    ];
  if (cause === null)
    return [
      {
        kind: 'good',
        words: [`VERIFIED: all ${checks.length} checks hold (${basesInWords(checks)}). `, q(summary ?? '')],
      },
    ];
  const { check, detail, remedy, dependent, others } = cause;
  return [
    { kind: 'bad', words: [`VERIFICATION FAILED at ${check}: `, q(detail)] },
    text('Do not rely on the following sections. They show the contents of the bundle, which are not verified.'),
    text(`What to do: ${remedy}`),
    ...(dependent.length > 0
      ? [
          text(
            `${dependent.length} further checks fail for the same reason or as a consequence: ${dependent.join(', ')}.`,
          ),
        ]
      : []),
    ...(others.length > 0
      ? [
          text('Checks that fail for other reasons:'),
          {
            kind: 'list',
            items: causesOf(others).map(({ check, detail, dependent }): Words => {
              const more = dependent.length === 0 ? '' : `, and ${dependent.length} more for the same reason`;
              return [`${check}: `, q(detail), more];
            }),
          } as const,
        ]
      : []),
  ];
}

/** What checks say that need no trust file. */
function unsignedWords(checks: readonly Check[]): Words {
  if (checks.length === 0) return [];
  const failing = checks.filter(({ ok }) => !ok).map(({ name }) => name);
  const consistency =
    failing.length === 0
      ? `${checks.length} checks that need no trust file hold: the documents agree with each other. Anyone who can write a bundle can write one that passes these checks.`
      : `${failing.length} of ${checks.length} checks that need no trust file fail: ${failing.join(', ')}.`;
  return [` No signature was checked. ${consistency}`];
}

function run(reported: ReportedRun): Section {
  const { pack, workers, cancellations } = reported;
  return {
    level: 2,
    title: ['The run'],
    blocks: [
      {
        kind: 'facts',
        rows: [
          ['Run', [q(reported.id)]],
          ['Tenant', [q(reported.tenant)]],
          ['Started by', initiators(reported)],
          ...(reported.scheduleId === null ? [] : [['Schedule', [q(reported.scheduleId)]] as const]),
          ...(reported.rerunOf === null ? [] : [['Rerun of', [q(reported.rerunOf)]] as const]),
          ['Accepted', [q(reported.acceptedAt)]],
          ['Began', [reported.startedAt === null ? 'never' : q(reported.startedAt)]],
          ['Ended', ending(reported)],
          ...messageRow(reported),
          ...outputsRow(reported),
          ['Pack', [q(`${pack.name}:${pack.version}`)]],
          ['Content of the pack', [q(pack.contentDigest)]],
          [
            'Signed by publishers',
            pack.signers.length === 0 ? ['nobody'] : joined(pack.signers.map((one) => [q(one)])),
          ],
          ['Mode', [`${reported.mode}, isolation `, q(reported.isolation)]],
          ['Builder (asserted)', [q(reported.builder)]],
        ],
      },
      ...cancellations.map(({ at, by, reason, force }) =>
        text('Cancellation requested at ', q(at), ' by ', ...who(by), force ? ', forced' : '', ': ', q(reason)),
      ),
      ...table(
        ['Worker version', 'Build', 'Sandbox probe'],
        workers.map(({ version, build, probe }) => [[q(version)], [q(build)], [q(probe)]]),
        'No worker claimed the run.',
      ),
    ],
  };
}

function messageRow({ end }: ReportedRun): readonly (readonly [string, Words])[] {
  const { message = null, messageError = null } = end ?? {};
  if (messageError !== null) return [['Message', ['none: ', q(messageError.code), ', ', q(messageError.message)]]];
  if (message === null) return [];
  return [['Message', message.isHeld ? [q(message.value)] : ['not in the bundle, digest ', q(message.digest)]]];
}

function outputsRow({ end }: ReportedRun): readonly (readonly [string, Words])[] {
  if (end === null || end.outputs === null) return [];
  const { digest, value, isHeld } = end.outputs;
  const said: Words = isHeld ? [json(value)] : ['not in the bundle, or composed of the results of its steps'];
  return [['Outputs', [...said, ', digest ', q(digest)]]];
}

function inputs({ inputs: { values, sensitive } }: ReportContents): Section {
  const rows = Object.entries(values).map(([name, value]): readonly Words[] => [[q(name)], [json(value)]]);
  const hidden = sensitive.map((name): readonly Words[] => [[q(name)], ['sensitive: not in the bundle']]);
  return {
    level: 2,
    title: ['Inputs'],
    blocks: table(['Input', 'Value (files by digest)'], [...rows, ...hidden], 'The pack takes no inputs.'),
  };
}

function secrets({ secrets }: ReportContents): Section {
  return {
    level: 2,
    title: ['Secrets'],
    blocks: table(
      ['Name', 'Provider', 'Version'],
      secrets.map(({ name, provider, version }) => [
        [q(name)],
        [q(provider)],
        [version === null ? 'not used' : q(version)],
      ]),
      'The run used no secrets.',
    ),
  };
}

function exceptions({ withheld, resolutions }: ReportContents): Section {
  return {
    level: 2,
    title: ['Exceptions'],
    blocks: [
      ...(withheld.length === 0
        ? [text('Nothing was withheld.')]
        : [
            text('Withheld because they contained a secret:'),
            { kind: 'list', items: withheld.map((path) => [q(path)]) } as const,
          ]),
      ...table(
        ['Step', 'Stated outcome', 'By', 'At', 'Reason'],
        resolutions.map(({ step, outcome, person, decidedAt, reason }) => [
          [q(step)],
          [outcome],
          who(person),
          [q(decidedAt)],
          [q(reason)],
        ]),
        'No person stated the outcome of a step.',
      ),
    ],
  };
}

function checksSection({ checks }: Verdict): Section {
  return {
    level: 2,
    title: ['Checks'],
    blocks: [
      ...table(
        ['Check', 'Result', 'Basis', 'Detail'],
        checks.map(({ name, ok, basis, detail }) => [[name], [ok ? 'ok' : 'FAIL'], [ok ? basis : ''], [q(detail)]]),
        'No checks were made.',
      ),
      ...(checks.length === 0
        ? []
        : [
            text(
              'Basis: recomputed = the verifier derived it; signed = a trusted key states it; ' +
                'asserted = a party states it without proof; absent = the bundle contains nothing of this kind.',
            ),
          ]),
    ],
  };
}
