import { parseExpression } from '../../expression/expression';
import {
  ANY_TYPE,
  arrayType,
  describeType,
  joinTypes,
  NULL_TYPE,
  nullable,
  NUMBER_TYPE,
  objectType,
  typeOfValue,
  type StaticType,
} from '../../expression/static-type';
import { isJsonArray, type JsonObject } from '../../foundation/json';
import type { ConditionalBody, LoopBody, MapBody } from '../../pack/model/pack-step';
import type { FieldReading, Place } from '../context/field-reading';
import { FIELDS } from '../context/field-rule';
import type { Block, ConditionalNode, LoopNode, MapNode, Node } from '../../plan/plan';
import { MAX_ITEMS, MAX_LEVELS } from '../../plan/plan-request';
import { gateOutside, namedOutside } from '../context/inner-names';
import { innerOf, type PlannedList, type PlannedStep } from '../context/planned-step';
import { readInnerPack } from './read-inner-pack';
import { readGate } from './read-gate';
import { evaluated, readLoopItems } from './read-loop-items';
import { readRun } from './read-run';
import type { Around, Common, StepContext } from './step-context';

/** Reads a list of steps into a block of the plan. Each step is read after its predecessors, so that their types are known. */
export function readList(
  list: PlannedList,
  around: Around,
  context: StepContext,
  maxParallel: number | null = 0,
  continueOnError = false,
): Block {
  const { order, steps } = list;
  if (order.cycle !== null && context.faults.unreadable?.aboutSteps !== true) {
    const stated = steps.find(({ step }) => order.cycle?.includes(step.id) === true && step.needs !== null) ?? steps[0];
    context.faults.add(
      'PLAN_NEEDS_CYCLE',
      stated ? `${stated.step.at}/needs` : list.at,
      `These steps depend on each other: ${order.cycle.slice(0, 12).join(' → ')}.`,
    );
  }
  const nodes = new Array<Node>(steps.length);
  for (const place of order.sequence) {
    const planned = steps[place];
    if (planned !== undefined) nodes[place] = readStep(planned, around, context);
  }
  return { nodes, maxParallel, continueOnError };
}

function readStep(planned: PlannedStep, around: Around, context: StepContext): Node {
  const { step, list } = planned;
  const { reader, faults } = context;
  if (planned.depth === MAX_LEVELS + 1)
    faults.add('PLAN_TOO_DEEP', step.at, `Steps are nested more than ${MAX_LEVELS} levels deep.`);
  if (step.name !== null) reader.none(step.name, `${step.at}/name`);
  const inside: Around = { failed: around.failed || step.runOn !== 'success', previous: around.previous };
  const place: Place = { scope: list.scope, step: planned, ...inside };
  const rule = step.body.kind === 'gate' ? FIELDS.gateWhen : FIELDS.when;
  const common: Common = {
    id: step.id,
    name: step.name,
    when: step.when === null ? null : reader.condition(step.when, `${step.at}/when`, place, rule),
    needs: list.order.needs[planned.place] ?? [],
    stated: step.needs !== null,
    runOn: step.runOn,
    timeoutMs: step.timeoutMs,
    workers: [...new Set(step.workers)].sort(),
  };
  planned.when = common.when;
  checkKnown(common.when, `${step.at}/when`, context);
  const continueOnError = step.continueOnError ?? false;
  const { body } = step;
  switch (body.kind) {
    case 'run':
      return innerOf(planned) === null
        ? namedOutside(readRun(planned, body, common, place, context), context.inner)
        : readInnerPack(planned, body, common, place, context, readList);
    case 'group': {
      const block = readLists(planned, inside, context)[0] ?? EMPTY;
      planned.outputs = lastOutputs(planned.lists[0]);
      return { kind: 'group', ...common, body: block, continueOnError };
    }
    case 'parallel': {
      const children = planned.lists[0];
      const goesOn = body.continueOnError || continueOnError;
      const block = children === undefined ? EMPTY : readList(children, inside, context, body.maxParallel, goesOn);
      planned.outputs = objectType(
        Object.fromEntries(
          (children?.steps ?? []).map((child) => [child.step.id, nullable(child.outputs ?? ANY_TYPE)]),
        ),
      );
      return { kind: 'parallel', ...common, body: block, continueOnError: goesOn };
    }
    case 'map':
      return readMap(planned, body, common, place, context);
    case 'loop':
      return readLoop(planned, body, common, place, context);
    case 'conditional':
      return readConditional(planned, body, common, place, context);
    case 'gate':
      return gateOutside(readGate(planned, body, common, place, context), context.inner);
  }
}

const EMPTY: Block = { nodes: [], maxParallel: 0, continueOnError: false };

function readLists(planned: PlannedStep, around: Around, context: StepContext): readonly Block[] {
  return planned.lists.map((list) => readList(list, around, context));
}

function lastOutputs(list: PlannedList | undefined): StaticType {
  const last = list?.steps.at(-1);
  return last === undefined ? NULL_TYPE : nullable(last.outputs ?? ANY_TYPE);
}

/** Adds the names of the items to a body, then reads the body and the result of an item. */
function readBody(
  planned: PlannedStep,
  body: (MapBody & { readonly kind: 'map' }) | (LoopBody & { readonly kind: 'loop' }),
  item: StaticType,
  late: boolean,
  place: Place,
  context: StepContext,
): { readonly block: Block; readonly outputs: JsonObject | null } {
  const list = planned.lists[0];
  if (list === undefined) return { block: EMPTY, outputs: null };
  const around: Around = { failed: place.failed, previous: place.previous || body.kind === 'loop' };
  list.scope.variables = {
    ...place.scope.variables,
    [body.index]: { type: NUMBER_TYPE, late: false },
    [body.iterator]: { type: item, late },
  };
  list.scope.loop = body.kind === 'loop' ? { step: planned, previous: previousType(body) } : place.scope.loop;
  const block = readList(list, around, context);
  const outputs =
    body.outputs === null
      ? null
      : context.reader.json(
          body.outputs,
          `${planned.step.at}/${body.kind}/outputs`,
          { scope: list.scope, step: null, ...around },
          FIELDS.outputs,
        );
  planned.outputs = arrayType(nullable(outputs === null ? lastOutputs(list) : outputs.type));
  return { block, outputs: outputs === null ? null : (outputs.canonical as JsonObject) };
}

/** The type of the previous iteration's result, as far as it is known before the body is read; null in the first iteration. */
function previousType({ body, outputs }: LoopBody): StaticType {
  if (outputs !== null)
    return nullable(objectType(Object.fromEntries(Object.keys(outputs).map((name) => [name, ANY_TYPE]))));
  const last = body.at(-1)?.body;
  const list = last?.kind === 'map' || (last?.kind === 'loop' && last.aggregation === 'collect');
  return list ? nullable(arrayType()) : ANY_TYPE;
}

function readMap(
  planned: PlannedStep,
  body: MapBody & { readonly kind: 'map' },
  common: Common,
  place: Place,
  context: StepContext,
): MapNode {
  const at = `${planned.step.at}/map`;
  const { reader, faults } = context;
  const items = reader.json(body.items, `${at}/items`, place, FIELDS.items);
  checkItems(items, body, at, planned, context);
  const { block, outputs } = readBody(planned, body, items.type.items ?? ANY_TYPE, items.late, place, context);
  const list = planned.lists[0];
  const label =
    body.label === null || list === undefined
      ? null
      : reader.json(body.label, `${at}/label`, { ...place, scope: list.scope, step: planned }, FIELDS.label).canonical;
  if (items.late && body.maxItems === null && !items.faulty) {
    faults.add('MAP_MAX_ITEMS_MISSING', `${at}/items`, 'The number of items is known only at run time.');
  }
  return {
    kind: 'map',
    ...common,
    items: items.canonical,
    iterator: body.iterator,
    index: body.index,
    label: typeof label === 'string' ? label : null,
    maxItems: body.maxItems,
    width: body.maxParallel,
    body: block,
    outputs,
    continueOnError: body.continueOnError || (planned.step.continueOnError ?? false),
  };
}

/** Items that inputs determine are counted now; for others the type is checked. */
function checkItems(
  items: FieldReading,
  body: MapBody,
  at: string,
  planned: PlannedStep,
  { faults, known }: StepContext,
): void {
  if (items.faulty) return;
  if (!items.type.kinds.includes('array')) {
    faults.add('MAP_ITEMS_TYPE', `${at}/items`, `Items must be a list; they are ${describeType(items.type)}.`);
    return;
  }
  if (items.late || items.local || items.sensitive || known === null) return;
  const list = items.constant ? items.canonical : evaluated(items.canonical, known);
  // Whether an optional list is missing is left to the condition that guards the map.
  if (list === undefined || (list === null && isGuarded(planned))) return;
  if (!isJsonArray(list)) faults.add('MAP_ITEMS_TYPE', `${at}/items`, 'With these inputs the items are not a list.');
  else if (list.length > (body.maxItems ?? MAX_ITEMS)) {
    faults.add(
      'MAP_ITEMS_LIMIT',
      `${at}/items`,
      `There are ${list.length} items; at most ${body.maxItems ?? MAX_ITEMS} are allowed.`,
    );
  }
}

/** True if a condition decides whether the step runs. */
function isGuarded({ when, parent }: PlannedStep): boolean {
  return when !== null || (parent !== null && (parent.step.body.kind === 'conditional' || isGuarded(parent)));
}

function readLoop(
  planned: PlannedStep,
  body: LoopBody & { readonly kind: 'loop' },
  common: Common,
  place: Place,
  context: StepContext,
): LoopNode {
  const at = `${planned.step.at}/loop`;
  const { items, type, late } = readLoopItems(body, at, place, context);
  const { block, outputs } = readBody(planned, body, type, late, place, context);
  const list = planned.lists[0];
  const end: Place = { scope: list?.scope ?? place.scope, step: null, failed: place.failed, previous: true };
  const until = body.until === null ? null : context.reader.condition(body.until, `${at}/until`, end, FIELDS.until);
  if (body.aggregation === 'last') planned.outputs = planned.outputs?.items ?? ANY_TYPE;
  const { delayMs, maxIterations, aggregation, iterator, index } = body;
  return {
    kind: 'loop',
    ...common,
    items,
    until,
    delayMs,
    maxIterations,
    aggregation,
    iterator,
    index,
    body: block,
    outputs,
    continueOnError: body.continueOnError || (planned.step.continueOnError ?? false),
  };
}

/** A condition that inputs determine is evaluated now. */
function checkKnown(text: string | null, at: string, { faults, known }: StepContext): void {
  if (text === null || known === null) return;
  const read = parseExpression(text);
  if (read.kind === 'faults' || read.expression.reads.some(({ root }) => !Object.hasOwn(known, root))) return;
  const value = evaluated(`{{ ${text} }}`, known);
  if (value === undefined || typeof value === 'boolean') return;
  faults.add('EXPR_TYPE', at, `With these inputs the condition is ${describeType(typeOfValue(value))}.`, {
    remediation: 'Compare it, such as x == true, or set a default for the input.',
  });
}

function readConditional(
  planned: PlannedStep,
  body: ConditionalBody & { readonly kind: 'conditional' },
  common: Common,
  place: Place,
  context: StepContext,
): ConditionalNode {
  const at = `${planned.step.at}/conditional`;
  const conditions = body.branches.map(({ when }, index) =>
    context.reader.condition(when, `${at}/branches/${index}/when`, place, FIELDS.when),
  );
  conditions.forEach((when, index) => checkKnown(when, `${at}/branches/${index}/when`, context));
  const blocks = readLists(planned, { failed: place.failed, previous: place.previous }, context);
  planned.outputs = nullable(planned.lists.map(lastOutputs).reduce(joinTypes, NULL_TYPE));
  return {
    kind: 'conditional',
    ...common,
    branches: conditions.map((when, index) => ({ when: when ?? 'false', body: blocks[index] ?? EMPTY })),
    otherwise: body.otherwise === null ? null : (blocks[conditions.length] ?? EMPTY),
    continueOnError: planned.step.continueOnError ?? false,
  };
}
