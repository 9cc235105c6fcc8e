import { ExpressionError } from '../../expression/expression-fault';
import { evaluateTemplate } from '../../expression/json-template';
import { ANY_TYPE, describeType, NULL_TYPE, NUMBER_TYPE, type StaticType } from '../../expression/static-type';
import { isJsonArray, type Json, type JsonObject } from '../../foundation/json';
import type { LoopBody, LoopItems } from '../../pack/model/pack-step';
import type { ExpressionReader } from '../context/expression-reader';
import type { FieldReading, Place } from '../context/field-reading';
import type { Faults } from '../context/faults';
import { FIELDS } from '../context/field-rule';
import { countedRange, rangeLength, writtenRange } from '../../plan/loop-items';

interface ItemContext {
  readonly reader: ExpressionReader;
  readonly faults: Faults;
  /** Values of expressions over inputs; null if a fault prevents them. */
  readonly known: JsonObject | null;
}

/** The items of a loop in the form of the plan: an expression, a list, `{range}`, or null if only `until` ends it. */
interface ReadItems {
  readonly items: Json;
  readonly type: StaticType;
  /** True if it depends on results of steps. */
  readonly late: boolean;
}

/** Reads the items of a loop. Their number is checked if inputs determine it. */
export function readLoopItems(body: LoopBody, at: string, place: Place, context: ItemContext): ReadItems {
  const { items } = body;
  if (items === null) return { items: null, type: NULL_TYPE, late: false };
  if (items.kind === 'range') return readRange(items, body.maxIterations, `${at}/items/range`, place, context);
  const where = `${at}/items/${items.kind}`;
  const written: Json = items.kind === 'expression' ? items.expression : items.values;
  const reading = context.reader.json(written, where, place, FIELDS.items);
  const isList = reading.type.kinds.includes('array');
  if (!reading.faulty && !isList)
    context.faults.add('MAP_ITEMS_TYPE', where, `Items must be a list; they are ${describeType(reading.type)}.`);
  else {
    const list = items.kind === 'static' ? items.values : valueOf(reading.canonical, [reading], context.known);
    if (list !== undefined && !isJsonArray(list))
      context.faults.add('MAP_ITEMS_TYPE', where, 'With these inputs the items are not a list.');
    else if (list !== undefined) checkCount(list.length, body.maxIterations, where, context.faults);
  }
  return { items: reading.canonical, type: reading.type.items ?? ANY_TYPE, late: reading.late };
}

function readRange(
  range: Extract<LoopItems, { kind: 'range' }>,
  maxIterations: number,
  at: string,
  place: Place,
  { reader, faults, known }: ItemContext,
): ReadItems {
  const parts = (['start', 'end', 'step'] as const).map(
    (name) => [name, reader.json(range[name], `${at}/${name}`, place, FIELDS.items)] as const,
  );
  const readings = parts.map(([, reading]) => reading);
  const items = { range: Object.fromEntries(parts.map(([name, { canonical }]) => [name, canonical])) };
  const wrong = parts.filter(([, { faulty, type }]) => !faulty && !type.kinds.includes('number'));
  for (const [name, { type }] of wrong)
    faults.add('LOOP_RANGE', `${at}/${name}`, `${name} must be a number; it is ${describeType(type)}.`);
  const value = wrong.length > 0 ? undefined : valueOf(items, readings, known);
  if (value !== undefined) {
    const counted = countedRange(writtenRange(value));
    if (counted === null) faults.add('LOOP_RANGE', at, 'start, end and step must be integers, and step must not be 0.');
    else checkCount(rangeLength(counted), maxIterations, at, faults);
  }
  return { items, type: NUMBER_TYPE, late: readings.some(({ late }) => late) };
}

/** The language ends a loop at `maxIterations`, so an author who gave more items is warned. */
function checkCount(count: number, maxIterations: number, at: string, faults: Faults): void {
  if (count > maxIterations)
    faults.warn(
      'LOOP_ITEMS_LIMIT',
      at,
      `There are ${count} items, but the loop runs at most ${maxIterations} iterations.`,
    );
}

/** The items if inputs determine them; undefined if they read more or have no value. */
function valueOf(template: Json, readings: readonly FieldReading[], known: JsonObject | null): Json | undefined {
  if (readings.some(({ faulty, late, local, sensitive }) => faulty || late || local || sensitive)) return undefined;
  if (readings.every(({ constant }) => constant)) return template;
  return known === null ? undefined : evaluated(template, known);
}

/** The value of an expression that reads only inputs; undefined if it reads more or has no value. */
export function evaluated(template: Json, known: JsonObject): Json | undefined {
  try {
    return evaluateTemplate(template, known);
  } catch (error) {
    if (ExpressionError.is(error)) return undefined;
    throw error;
  }
}
