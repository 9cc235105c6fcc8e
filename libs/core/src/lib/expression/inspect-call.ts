import { nearestName } from '../foundation/nearest-name';
import type { ExpressionErrorCode } from './expression-fault';
import { arityFault, FUNCTION_NAMES, functionNamed } from './functions';
import { below, beginningOf, made, type TypedValue, type Variables } from './typed-value';
import { ANY_TYPE, describeType, type StaticType } from './static-type';
import type { NodeOf, SyntaxNode } from './syntax';

/** What the inspection of a call needs from the inspection of the whole expression. */
export interface Look {
  /** The typed value of a part. */
  see(node: SyntaxNode, current: TypedValue, variables: Variables): TypedValue;
  /** Marks a value as read. */
  use(value: TypedValue, at: number): void;
  /** Both. */
  consume(node: SyntaxNode, current: TypedValue, variables: Variables): StaticType;
  fault(code: ExpressionErrorCode, message: string, remediation: string, offset: number): void;
}

/** The typed value of a call, with its faults: its name, the number of its arguments, and the type of each. */
export function seeCall(node: NodeOf<'call'>, current: TypedValue, variables: Variables, look: Look): TypedValue {
  const spec = functionNamed(node.name);
  const values = node.args.map((arg) => (arg.kind === 'reference' ? null : look.see(arg, current, variables)));
  node.args.forEach((arg, place) => look.use(values[place] ?? made(ANY_TYPE), arg.at));
  if (spec === undefined) {
    const near = nearestName(node.name, FUNCTION_NAMES);
    const remedy = near === null ? `known: ${FUNCTION_NAMES.join(', ')}` : `did you mean \`${near}\`?`;
    look.fault('EXPR_UNKNOWN_FUNCTION', `there is no function \`${node.name}\``, remedy, node.at);
    return made(ANY_TYPE);
  }
  const arity = arityFault(spec, node.args.length);
  if (arity !== null) {
    look.fault('EXPR_ARGUMENTS', `\`${node.name}\` ${arity}`, 'give it the arguments it takes', node.at);
    return made(ANY_TYPE);
  }
  const types = node.args.map((arg, place) => {
    const parameter = spec.parameters[Math.min(place, spec.parameters.length - 1)];
    const wanted = parameter?.kind === 'selector';
    if (wanted !== (arg.kind === 'reference')) {
      const remedy = wanted ? 'add & before the argument, such as &name' : 'remove the &';
      look.fault(
        'EXPR_ARGUMENTS',
        `argument ${place + 1} of \`${node.name}\` must be ${wanted ? 'an & expression' : 'a value'}`,
        remedy,
        arg.at,
      );
      return ANY_TYPE;
    }
    if (parameter?.kind === 'selector' && arg.kind === 'reference') {
      const over = values[parameter.over];
      const element = { type: over?.type.items ?? ANY_TYPE, origin: over ? below(over.origin, null, arg.at) : null };
      const type = look.consume(arg.body, element, variables);
      checkArgument(look, type, parameter.kinds, place, node, arg.body);
      return type;
    }
    const type = values[place]?.type ?? ANY_TYPE;
    if (parameter?.kind === 'value') {
      checkArgument(look, type, parameter.kinds, place, node, arg);
      const { items } = parameter;
      if (
        items &&
        type.items &&
        type.kinds.includes('array') &&
        !type.items.kinds.some((kind) => items.includes(kind))
      ) {
        const message = `argument ${place + 1} of \`${node.name}\` takes ${items.join('s or ')}s, not ${describeType(type.items)}`;
        look.fault('EXPR_TYPE', message, 'check the path', beginningOf(arg));
      }
    }
    return type;
  });
  return made(spec.result(types));
}

function checkArgument(
  look: Look,
  type: StaticType,
  kinds: StaticType['kinds'],
  place: number,
  call: NodeOf<'call'>,
  node: SyntaxNode,
): void {
  if (type.kinds.some((kind) => kinds.includes(kind))) return;
  const message = `argument ${place + 1} of \`${call.name}\` takes ${describeType({ kinds })}, not ${describeType(type)}`;
  look.fault('EXPR_TYPE', message, 'check the argument', beginningOf(node));
}
