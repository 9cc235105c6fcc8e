import { type Graph, findCycle } from '../graph/graph';
import type { Pack } from './model/pack';
import { listsIn, type PackStep, type StepList } from './model/pack-step';
import type { Reading } from './reading/reading';
import { shown } from './shapes/shape';

/** Checks ids, needs and names between steps. What depends on a faulty id or list is not checked. */
export function checkSteps(pack: Pack, reading: Reading): void {
  checkScope({ at: '/spec/steps', steps: pack.spec.steps, ownScope: true, together: false }, new Map(), reading);
}

function checkScope(list: StepList, ids: Map<string, number>, reading: Reading): void {
  const known = list.ownScope ? new Map<string, number>() : ids;
  for (const step of list.steps) {
    const first = known.get(step.id);
    if (step.id === '') continue;
    if (first === undefined) known.set(step.id, step.position.line);
    else {
      const message = `The id ${step.id} is already used by the step in line ${first}.`;
      reading.fault('PACK_DUPLICATE_ID', `${step.at}/id`, message);
    }
  }
  checkNeeds(list, reading);
  for (const step of list.steps) for (const inner of listsIn(step)) checkScope(inner, known, reading);
}

function checkNeeds({ steps, together }: StepList, reading: Reading): void {
  const siblings = new Set(steps.map((step) => step.id));
  const allNamed = !siblings.has('');
  let isSound = allNamed && siblings.size === steps.length;
  for (const step of steps) {
    step.needs?.forEach((need, index) => {
      if (need === '' || siblings.has(need)) return;
      isSound = false;
      if (!allNamed) return;
      const near = reading.guess(need, [...siblings]);
      const note =
        near === null ? {} : { remediation: `Did you mean ${near}? A step can depend only on steps in the same list.` };
      reading.fault('PACK_NEEDS_UNKNOWN', `${step.at}/needs/${index}`, `No step ${shown(need)} is in this list.`, note);
    });
  }
  if (isSound) checkCycle(steps, together, reading);
}

function checkCycle(steps: readonly PackStep[], together: boolean, reading: Reading): void {
  const before = (index: number) => (together || index === 0 ? [] : [(steps[index - 1] as PackStep).id]);
  const graph: Graph = new Map(
    steps.map((step, index) => [step.id, step.needs?.filter((n) => n !== '') ?? before(index)]),
  );
  const cycle = findCycle(graph);
  if (cycle === null) return;
  const stated = steps.find((step) => cycle.includes(step.id) && step.needs !== null) as PackStep;
  const message = `These steps depend on each other: ${cycle.slice(0, 12).join(' → ')}${cycle.length > 12 ? ' → …' : ''}.`;
  reading.fault('PACK_NEEDS_CYCLE', `${stated.at}/needs`, message);
}

/** All steps of a pack, each before its descendants. */
export function allSteps(pack: Pack): readonly PackStep[] {
  const found: PackStep[] = [];
  const visit = (step: PackStep) => {
    found.push(step);
    for (const { steps } of listsIn(step)) steps.forEach(visit);
  };
  pack.spec.steps.forEach(visit);
  return found;
}
