import { gateDecisionWord, gateOutcomeWord } from '../../gate/override-words';
import { joined, json, jsonBlock, listed, q, table, who, type Block, type Section, type Words } from './page';
import { policyTexts } from './layout-programs';
import { withoutDecisions } from './approvers';
import { decisionNote, decisionWord, outcomeWord } from './gate-words';
import { overrideOf, type Override } from './override';
import type { ReportContents, ReportedGate } from './report';

const PROOFS = {
  service: 'asserted by the webservice',
  token: 'token signed by the issuer',
  key: 'key of the person',
} as const;

/** A section per gate, under a common heading. */
export function layoutGates({ gates, gatesNotApplied }: ReportContents): readonly Section[] {
  const blocks: Block[] = [];
  if (gates.length === 0) blocks.push({ kind: 'text', words: ['No approval by people was requested.'] });
  if (gatesNotApplied.length > 0)
    blocks.push({ kind: 'text', words: ['Did not apply: ', ...listed(gatesNotApplied), '.'] });
  return [{ level: 2, title: ['Approvals'], blocks }, ...gates.map(layoutGate)];
}

function layoutGate(gate: ReportedGate): Section {
  const { request, show, showIsWithheld, endedAt } = gate;
  const outcome = outcomeWord(gate);
  const title: Words = ['Gate ', q(gate.gate), ...(gate.label === null ? [] : [' – ', q(gate.label)]), `: ${outcome}`];
  const ended: readonly (readonly [string, Words])[] = [
    ['Outcome', [outcome, ...(endedAt === null ? [] : [' at ', q(endedAt)])]],
    ['Gate digest', [q(gate.digest)]],
  ];
  if (request === null)
    return {
      level: 3,
      title,
      blocks: [
        { kind: 'facts', rows: ended },
        { kind: 'bad', words: ['The gate request is missing: the reviewed content is unknown.'] },
        ...decisionTable(gate),
      ],
    };
  const { requirement, opens, reads, secrets } = request;
  return {
    level: 3,
    title,
    blocks: [
      {
        kind: 'facts',
        rows: [
          ...ended,
          ['Open', [q(request.openedAt), ' to ', q(request.expiresAt), '; effects until ', q(request.executeBy)]],
          [
            'Required',
            [
              `${requirement.minApprovals} approvals with `,
              ...listed(requirement.grants),
              `; proof ${requirement.proof} or stronger; initiators ${requirement.selfApproval ? 'may' : 'may not'} approve`,
              ...(requirement.reasonRequired ? ['; a reason is required'] : []),
              ...(requirement.maxAuthAge === null ? [] : ['; authenticated within ', q(requirement.maxAuthAge)]),
            ],
          ],
          ['Opens', listed(opens, 'nothing')],
          ['Covers the results of', listed(Object.keys(reads))],
          ['Secrets behind the gate', listed(secrets.map(({ name, version }) => `${name} ${version}`))],
        ],
      },
      { kind: 'text', words: ['Message shown to approvers:'] },
      { kind: 'quote', text: request.message },
      ...shown(show, showIsWithheld),
      ...decisionTable(gate),
    ],
  };
}

function shown(show: ReportedGate['show'], isWithheld: boolean): readonly Block[] {
  if (isWithheld)
    return [{ kind: 'text', words: ['The data shown to approvers is withheld because it contained a secret.'] }];
  if (show === null || JSON.stringify(show) === '{}') return [];
  return [{ kind: 'text', words: ['Data shown to approvers:'] }, jsonBlock(show)];
}

function decisionTable(gate: ReportedGate): readonly Block[] {
  const { decisions, outcome } = gate;
  const said = withoutDecisions(outcome);
  return table(
    [
      'Who',
      'On behalf of',
      'Through the program',
      'Decision',
      'When',
      'Reason',
      'Answer',
      'Proof',
      'Digest of the record',
    ],
    decisions.map((one) => [
      who(one.person),
      one.onBehalfOf ? who(one.onBehalfOf) : ['none'],
      one.actors.length > 0 ? joined(one.actors.map((actor) => who(actor))) : ['none'],
      [decisionWord(one.decision, gate), decisionNote(one)],
      [q(one.decidedAt)],
      [one.reason === null ? 'none given' : q(one.reason)],
      [one.response === null ? 'none' : json(one.response)],
      [PROOFS[one.proof], one.bound === 'plan' ? '; the client did not send the gate digest' : ''],
      [q(one.record)],
    ]),
    `${said.charAt(0).toUpperCase()}${said.slice(1)}.`,
    Infinity,
  );
}

function overrideWords(override: Override | null): Words {
  if (override === null) return ['none requested'];
  const { outcome, people } = override;
  const ended = gateOutcomeWord(outcome, true);
  if (people.length === 0) return [`requested; no decision: ${ended}`];
  const said = people.map((one): Words => {
    const why: Words = one.reason === null ? ['no reason given'] : [q(one.reason)];
    return [
      ...who(one.person),
      ` ${gateDecisionWord(one.decision, true)} at `,
      q(one.decidedAt),
      decisionNote(one),
      ': ',
      ...why,
    ];
  });
  return [`${ended}: `, ...joined(said, '; ')];
}

/** Policy verdicts. */
export function layoutPolicies({ policies, policySources, gates }: ReportContents): Section {
  return {
    level: 2,
    title: ['Policies'],
    blocks: [
      ...table(
        ['Gate', 'Policy', 'Level', 'Result', 'Reasons', 'Override', 'When'],
        policies.map(({ gate, policy, engine, level, result, reasons, override, at }) => [
          [q(gate)],
          [q(policy), ` (${engine})`],
          [level],
          [result],
          listed(reasons),
          overrideWords(overrideOf(gates, override)),
          [q(at)],
        ]),
        'No policy was evaluated.',
      ),
      ...policyTexts(policySources),
    ],
  };
}
