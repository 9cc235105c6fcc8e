import { isLateBound, type Expression } from '../../expression/expression';
import type { Reference } from '../../expression/inspect';
import { ANY_TYPE, type StaticType } from '../../expression/static-type';
import type { Faults } from './faults';
import type { PackNames, Place, Tally } from './field-reading';
import type { FieldRule } from './field-rule';
import { enclosedStep, type EnclosedStep } from './enclosed-step';
import { isOverBefore, namesIn, stepNamed, viewType, type PlannedStep, type StepRead } from './planned-step';

/** An expression of a field. */
interface FieldExpression {
  readonly expression: Expression;
  /** The text that contains it. */
  readonly text: string;
  /** True if it is the whole text. */
  readonly whole: boolean;
  /** Path of the text. */
  readonly at: string;
  readonly place: Place;
  readonly rule: FieldRule;
  /** Types of what may be read, except of steps. */
  readonly roots: Readonly<Record<string, StaticType>>;
}

interface ReadReferences {
  /** Types of the steps that the expression reads. */
  readonly steps: Readonly<Record<string, StaticType>>;
  /** Names that were refused as roots, so that they are not reported again. */
  readonly refused: Readonly<Record<string, StaticType>>;
  /** False if a reference was refused. */
  readonly sound: boolean;
}

type Refuse = (code: Parameters<Faults['add']>[0], message: string, reference: Reference, remediation?: string) => void;

/** Checks what an expression reads: whether its field may read it, whether it exists, and whether it is known by then. */
export class ReferenceReader {
  private readonly views = new Map<PlannedStep, StaticType>();

  /** `controlling`: gets the inputs that decide what runs; null for all of them. */
  constructor(
    private readonly names: PackNames,
    private readonly faults: Faults,
    private readonly controlling: Set<string | null>,
  ) {}

  /** Adds what the references say about the field to the tally, and reads of steps to the step of the field. */
  read(one: FieldExpression, tally: Tally): ReadReferences {
    const { expression, text, at, place, rule, roots } = one;
    const steps: Record<string, StaticType> = {};
    const refused: Record<string, StaticType> = {};
    let sound = true;
    const refuse: Refuse = (code, message, reference, remediation) => {
      sound = false;
      this.faults.add(code, at, message, {
        offset: reference.offset,
        text,
        ...(remediation === undefined ? {} : { remediation }),
      });
    };
    for (const reference of expression.reads) {
      const { root, path } = reference;
      const known = root === 'steps' || roots[root] !== undefined;
      if (!known && rule.roots === null && this.bareStep(root, reference, place, refuse)) {
        refused[root] = ANY_TYPE;
        continue;
      }
      if (rule.roots !== null && known && !rule.roots.includes(root))
        refuse(
          rule.refusal,
          `${rule.noun} cannot read ${root}.`,
          reference,
          `Available here: ${rule.roots.join(' and ')}.${
            rule.refusal === 'GATE_WHEN' && root === 'steps' ? ' To use results, put the gate into a conditional.' : ''
          }`,
        );
      else if (root === 'secrets') {
        if (typeof reference.path[0] === 'string') place.step?.secrets.push({ name: reference.path[0], at });
        this.secret(one, reference, refuse);
      } else if (isLateBound(reference)) {
        if (!rule.late)
          refuse('EXPR_LATE_BOUND', `${root} is known only at run time; ${rule.noun} cannot read it.`, reference);
      } else if (root === 'inputs') this.input(reference, rule, tally, refuse);
      else if (root === 'steps') {
        tally.late = true;
        this.stepRead(path[0], reference, one, steps, refuse);
      } else if (root === 'previous') {
        tally.late = true;
        const of = place.scope.loop?.step;
        if (of !== undefined && known) note(place, { of, control: rule.control, previous: true, at, message: text });
      } else if (root === 'failed') tally.late = true;
      else if (Object.hasOwn(place.scope.variables, root)) {
        tally.local = true;
        if (place.scope.variables[root]?.late === true) tally.late = true;
      }
    }
    return { steps, refused, sound };
  }

  /** Refuses the id of a step where `steps` does not precede it. False: there is no such step. */
  private bareStep(root: string, reference: Reference, { scope }: Place, refuse: Refuse): boolean {
    const found = stepNamed(scope, root);
    const inner = found === null ? enclosedStep(scope, root) : null;
    if (found === null && inner === null) return false;
    const meant = inner === null ? `Did you mean steps.${root}?` : insideOf(inner);
    refuse('EXPR_UNKNOWN_NAME', `There is no \`${root}\` in this scope.`, reference, meant);
    return true;
  }

  private input(reference: Reference, rule: FieldRule, tally: Tally, refuse: Refuse): void {
    const [name] = reference.path;
    const one = typeof name === 'string' ? name : null;
    if (rule.control) this.controlling.add(one);
    if (touches(this.names.late, one)) tally.late = true;
    if (touches(this.names.local, one)) tally.local = true;
    const hit = typeof name === 'string' ? this.names.sensitive.has(name) : this.names.sensitive.size > 0;
    if (!hit) return;
    tally.sensitive = true;
    if (!rule.sensitive)
      refuse(
        'SENSITIVE_FLOW',
        `${rule.noun} cannot read ${typeof name === 'string' ? `the sensitive input ${name}` : 'all inputs: some are sensitive'}.`,
        reference,
        rule.remedy,
      );
  }

  private secret({ expression, whole, rule }: FieldExpression, reference: Reference, refuse: Refuse): void {
    const [name] = reference.path;
    if (rule.secrets === false)
      return refuse('SENSITIVE_FLOW', `${rule.noun} cannot read secrets.`, reference, rule.remedy);
    if (typeof name !== 'string' || !this.names.secrets.includes(name)) {
      if (this.faults.unreadable?.isWithin('/spec/secrets') === true) return;
      const remediation =
        typeof name === 'string'
          ? this.faults.guess(name, this.names.secrets, 'Declare it in secrets.')
          : 'Use the name of one secret.';
      return refuse('EXPR_UNKNOWN_NAME', `The pack has no secret ${String(name)}.`, reference, remediation);
    }
    const single =
      rule.secrets === 'inside' ||
      (whole && reference.path.length === 1 && expression.text.replaceAll('"', '') === `secrets.${name}`);
    if (!single) refuse('SECRET_USE', `The secret ${name} can only be passed as a whole.`, reference);
    if (!this.names.granted.has(name))
      refuse('SECRET_NOT_GRANTED', `The secret ${name} is not bound in this environment.`, reference);
  }

  private stepRead(
    name: Reference['path'][number] | undefined,
    reference: Reference,
    { at, text, place, rule }: FieldExpression,
    steps: Record<string, StaticType>,
    refuse: Refuse,
  ): void {
    if (typeof name !== 'string')
      return refuse(
        'EXPR_ROOT',
        'This reads all steps.',
        reference,
        'Use the name of a step, such as steps.scan.outputs.',
      );
    const { unreadable } = this.faults;
    const found = stepNamed(place.scope, name);
    if (unreadable !== null && (found === null ? unreadable.aboutNames : unreadable.isWithin(found.step.at))) {
      steps[name] = ANY_TYPE;
      return;
    }
    if (found === null) {
      const inner = enclosedStep(place.scope, name);
      const otherwise = 'Steps in a map or loop can be read only inside it.';
      const meant = inner === null ? this.faults.guess(name, namesIn(place.scope), otherwise) : insideOf(inner);
      return refuse('EXPR_UNKNOWN_NAME', `There is no step ${name} in this scope.`, reference, meant);
    }
    const [, below] = reference.path;
    const child = typeof below === 'string' ? enclosedStep(place.scope, below) : null;
    if (child?.owner === found && viewType(found).fields?.[String(below)] === undefined) {
      steps[name] = ANY_TYPE;
      return refuse('EXPR_UNKNOWN_NAME', `There is no field ${String(below)}.`, reference, insideOf(child));
    }
    const over =
      place.step !== null
        ? isOverBefore(found, place.step)
        : found.list.scope === place.scope || (place.scope.owner !== null && isOverBefore(found, place.scope.owner));
    if (!over) {
      steps[name] = ANY_TYPE;
      if (unreadable?.aboutSteps === true) return;
      const why = found === place.step ? 'is this step itself' : 'may not have run yet';
      return refuse('EXPR_STEP_ORDER', `The step ${name} ${why}.`, reference);
    }
    let view = this.views.get(found);
    if (view === undefined) this.views.set(found, (view = viewType(found)));
    steps[name] = view;
    note(place, { of: found, control: rule.control, previous: false, at, message: text });
  }
}

function touches(names: ReadonlySet<string> | undefined, one: string | null): boolean {
  return names !== undefined && (one === null ? names.size > 0 : names.has(one));
}

/** Reads at the end of a body count as reads of its map or loop. */
function note({ step, scope }: Place, read: StepRead): void {
  (step ?? scope.owner)?.reads.push(read);
}

function insideOf({ owner, kind }: EnclosedStep): string {
  return `Did you mean steps.${owner.step.id}.outputs, the list of the results? A step in a ${kind} can be read only inside it.`;
}
