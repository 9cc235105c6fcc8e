import type { Json } from '../../foundation/json';
import type { Branch, ConditionalBody, GroupBody, LoopBody, MapBody, PackStep, ParallelBody } from '../model/pack-step';
import type { Reading } from '../reading/reading';
import * as SAID from './field-descriptions';
import { gate } from './gate-shapes';
import { items, loopItems } from './item-shapes';
import { having } from './object-schema';
import { run } from './run-shapes';
import { condition, duration, flag, identifier, json, number, oneOf, pattern, text } from './scalar-shapes';
import { defaulted, list, nameOf, object, optional, record, required, type Shape } from './shape';
import { mapSpellings, renamed } from './spellings';

/** Reserved names of expressions: roots and keywords of the language. */
const WORDS = [
  'inputs',
  'steps',
  'previous',
  'failed',
  'pack',
  'response',
  'run',
  'tenant',
  'secrets',
  'true',
  'false',
  'null',
  'and',
  'or',
  'not',
];

/** The name that a map or loop gives to its item or index. */
function variable(taken: string): Shape<string> {
  const shape = pattern('PACK_IDENTIFIER', 'a name of letters, digits and _', /^[A-Za-z_][A-Za-z0-9_]{0,62}$/);
  return {
    ...shape,
    schema: () => ({ allOf: [shape.schema()], not: { enum: [taken, ...WORDS] } }),
    read: (written, at, reading) => {
      const name = shape.read(written, at, reading);
      if (name === taken || WORDS.includes(name))
        reading.fault('PACK_RESERVED_NAME', at, `${name} is a reserved name in expressions.`);
      return name;
    },
  };
}

/** The bodies of the seven kinds of step, with the shape for lists of steps. */
export function bodyShapes(steps: Shape<readonly PackStep[]>) {
  const branch = object<Branch>(
    { when: required(condition), steps: required(steps) },
    {
      normalise: renamed({ then: 'steps' }),
      published: [{ name: 'then', of: 'steps', schema: null }],
      descriptions: SAID.BRANCH,
    },
  );
  const names = {
    iterator: defaulted(variable('index'), 'item'),
    index: defaulted(variable('item'), 'index'),
    outputs: optional(record<Json>(identifier, json)),
    continueOnError: defaulted(flag, false),
  };
  return {
    run,
    group: object<GroupBody>({ steps: required(steps) }, { descriptions: SAID.GROUP }),
    parallel: object<ParallelBody>(
      {
        steps: required(steps),
        maxParallel: optional(number(1, 100_000)),
        continueOnError: defaulted(flag, false),
      },
      { descriptions: SAID.PARALLEL },
    ),
    map: checkedNames(
      object<MapBody>(
        {
          items: required(items),
          steps: required(steps),
          label: optional(text),
          maxItems: optional(number(1, 100_000)),
          maxParallel: optional(number(1, 100_000)),
          ...names,
        },
        {
          normalise: mapSpellings,
          published: [{ name: 'step', of: 'steps', schema: () => ({ $ref: '#/$defs/step' }) }],
          descriptions: SAID.MAP,
        },
      ),
    ),
    loop: checkedLoop(
      checkedNames(
        object<LoopBody>(
          {
            items: optional(loopItems),
            until: optional(condition),
            delayMs: defaulted(duration(0), 0, 'delay'),
            body: required(steps),
            maxIterations: defaulted(number(1, 10_000), 1_000),
            aggregation: defaulted(oneOf('collect', 'last'), 'collect'),
            ...names,
          },
          { descriptions: SAID.LOOP, rules: [{ anyOf: [having('items'), having('until')] }] },
        ),
      ),
    ),
    conditional: object<ConditionalBody>(
      {
        branches: required(list(branch, { min: 1, max: 1_000 })),
        otherwise: optional(steps, 'else'),
      },
      { descriptions: SAID.CONDITIONAL },
    ),
    gate,
  };
}

function checkedNames<T extends MapBody | LoopBody>(shape: Shape<T>): Shape<T> {
  return checked(shape, (value, at, reading) => {
    const judged = reading.isFaulty(`${at}/iterator`) || reading.isFaulty(`${at}/index`);
    if (value.iterator === value.index && !judged)
      reading.fault('PACK_FIELDS_EXCLUSIVE', `${at}/index`, 'iterator and index must be different names.');
  });
}

function checkedLoop(shape: Shape<LoopBody>): Shape<LoopBody> {
  return checked(shape, (value, at, reading) => {
    if (value.items === null && value.until === null && !reading.isFaulty(at))
      reading.fault('PACK_FIELD_MISSING', at, `${nameOf(at)} must have items or until.`);
  });
}

function checked<T>(shape: Shape<T>, check: (value: T, at: string, reading: Reading) => void): Shape<T> {
  const read: Shape<T>['read'] = (written, at, reading) => {
    const value = shape.read(written, at, reading);
    check(value, at, reading);
    return value;
  };
  return { ...shape, read };
}
