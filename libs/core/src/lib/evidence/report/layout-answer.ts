import { gateDecisionWord, gateOutcomeWord } from '../../gate/override-words';
import { approversOfSeveral, withoutDecisions } from './approvers';
import { cancellationOf } from './cancellation';
import { countedApprovals, decisionNote, decisionWord, isOverride, outcomeWord } from './gate-words';
import { overrideOf } from './override';
import { statedOutcome } from '../records/stated-outcome';
import { joined, listed, q, who, type Section, type Words } from './page';
import type { ReportContents, ReportedGate, ReportedRun } from './report';
import { unapprovedSteps, unapprovedWords } from './unapproved-steps';

/** The short answer: who approved what, and how it ended. */
export function layoutAnswer(contents: ReportContents): Section {
  const { run, gates, gatesNotApplied, policies, resolutions } = contents;
  const said = gates.map((asked): Words => {
    const { gate, outcome, decisions } = asked;
    const people = decisions
      .filter(({ counted }) => counted)
      .map((one): Words => {
        const { person, onBehalfOf, actors, decision, decidedAt, reason } = one;
        return [
          ...who(person),
          ...(onBehalfOf === null ? [] : [' for ', ...who(onBehalfOf)]),
          ...(actors.length === 0 ? [] : [' through ', ...joined(actors.map((actor) => who(actor)))]),
          ` ${decisionWord(decision, asked)} at `,
          q(decidedAt),
          decisionNote(one),
          ...(isOverride(asked) ? [': ', reason === null ? 'no reason given' : q(reason)] : []),
        ];
      });
    return [
      'Gate ',
      q(gate),
      `: ${outcomeWord(asked)}. `,
      ...(people.length > 0 ? joined(people, '; ') : [withoutDecisions(outcome)]),
      ...countedPeople(asked),
    ];
  });
  return {
    level: 2,
    title: ['Summary'],
    blocks: [
      {
        kind: 'list',
        items: [
          [
            'Pack ',
            q(`${run.pack.name}:${run.pack.version}`),
            ' for tenant ',
            q(run.tenant),
            ', started by ',
            ...initiators(run),
            '.',
          ],
          ...said,
          ...(gates.length === 0 ? [['No approval by people was requested.']] : []),
          ...severalGates(gates),
          ...(gatesNotApplied.length > 0 ? [[`${gatesNotApplied.length} gates did not apply.`]] : []),
          ...policiesInShort(policies, gates),
          ...statedOutcomes(resolutions),
          ...unapprovedSteps(contents).map(unapprovedWords),
          ending(run),
        ],
      },
    ],
  };
}

/** Whose approvals count at a gate; empty: nobody approved. */
function countedPeople(gate: ReportedGate): Words {
  const counted = countedApprovals(gate);
  if (counted === null) return [];
  const people = counted.people.slice(0, 50).map(({ sub }): Words => [q(sub)]);
  return ['; counted: ', ...(people.length === 0 ? ['nobody'] : joined(people, ', ')), ` (${counted.number}).`];
}

function severalGates(gates: ReportContents['gates']): readonly Words[] {
  if (gates.length < 2) return [];
  const several = approversOfSeveral(gates);
  if (several.length === 0) return [['No person approved at more than one gate.']];
  return several.slice(0, 50).map((one): Words => {
    const { person, gates } = one;
    const shown = gates.slice(0, 50);
    return [
      ...who(person),
      ` approved at ${gates.length} gates: `,
      ...listed(shown),
      shown.length < gates.length ? ' …' : '.',
    ];
  });
}

/** What people stated about steps whose outcome nobody knew. */
function statedOutcomes(resolutions: ReportContents['resolutions']): readonly Words[] {
  const shown = resolutions
    .slice(0, 50)
    .map(({ step, person, outcome, decidedAt, reason }): Words => [
      'The outcome of step ',
      q(step),
      ' was unknown. ',
      ...who(person),
      ` ${statedOutcome(outcome)} at `,
      q(decidedAt),
      ': ',
      q(reason),
      '.',
    ]);
  const rest = resolutions.length - shown.length;
  return rest > 0 ? [...shown, [`${rest} more outcomes were stated: see Exceptions.`]] : shown;
}

function policiesInShort(policies: ReportContents['policies'], gates: ReportContents['gates']): readonly Words[] {
  if (policies.length === 0) return [['No policy was evaluated.']];
  const denied = policies.filter(({ result }) => result !== 'allow');
  if (denied.length === 0)
    return [
      [
        policies.length === 1
          ? 'The only policy that was evaluated allowed the run.'
          : `All ${policies.length} policy evaluations allowed the run.`,
      ],
    ];
  const shown = denied.slice(0, 50).map(({ policy, gate, result, override }): Words => {
    const asked = overrideOf(gates, override);
    const people = (asked?.people ?? []).map((one): Words => {
      const { person, decision, decidedAt, reason } = one;
      return [
        ...who(person),
        ` ${gateDecisionWord(decision, true)} at `,
        q(decidedAt),
        decisionNote(one),
        ': ',
        reason === null ? 'no reason given' : q(reason),
      ];
    });
    const end: Words =
      asked === null
        ? ['No override was requested']
        : people.length === 0
          ? ['No decision was made on an override']
          : joined(people, '; ');
    return [
      'Policy ',
      q(policy),
      ' at gate ',
      q(gate),
      result === 'deny' ? ' denied. ' : ' was undecided. ',
      ...end,
      ...(asked === null ? [] : [` (${gateOutcomeWord(asked.outcome, true)})`]),
      '.',
    ];
  });
  const rest = denied.length - shown.length;
  return rest > 0 ? [...shown, [`${rest} more evaluations did not allow the run: see Policies.`]] : shown;
}

/** Who started the run. */
export function initiators({ initiators }: ReportedRun): Words {
  return joined(initiators.map((actor): Words => [...who(actor), actor.kind === 'client' ? ', a program' : '']));
}

/** How the run ended. */
export function ending(run: ReportedRun): Words {
  const { end } = run;
  if (end === null) return ['The journal does not record the end of the run.'];
  const { result, at, code, step } = end;
  const cancelled = cancellationOf(run);
  const why: Words =
    cancelled !== null
      ? [' by ', ...who(cancelled.by), cancelled.force ? ', forced' : '', ': ', q(cancelled.reason)]
      : code === null
        ? []
        : [' with ', q(code), ...(step === null ? [] : [' at step ', q(step)])];
  return [`The run ${result === 'cancelled' ? 'was cancelled' : result} at `, q(at), ...why, '.'];
}
