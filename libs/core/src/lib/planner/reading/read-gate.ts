import { typeOfSchema } from '../../expression/schema-type';
import { ANY_TYPE, arrayType, BOOLEAN_TYPE, nullable, objectType, STRING_TYPE } from '../../expression/static-type';
import type { JsonObject } from '../../foundation/json';
import type { GateBody } from '../../pack/model/pack-step';
import type { Place } from '../context/field-reading';
import { FIELDS } from '../context/field-rule';
import type { GateNode } from '../../plan/plan';
import type { PlannedStep } from '../context/planned-step';
import type { RunContext } from './read-run';
import { readSchema } from '../context/resolve-inputs';

const DECISIONS = arrayType(
  objectType({
    decisionId: STRING_TYPE,
    person: objectType({ iss: STRING_TYPE, sub: STRING_TYPE }),
    decision: STRING_TYPE,
    record: STRING_TYPE,
  }),
);
const JUDGED = objectType({
  allow: BOOLEAN_TYPE,
  reasons: arrayType(STRING_TYPE),
  engine: STRING_TYPE,
  digest: STRING_TYPE,
  overridden: BOOLEAN_TYPE,
});

/** Reads the body of a gate and sets the type of its outputs. */
export function readGate(
  planned: PlannedStep,
  { gate }: GateBody,
  common: Omit<GateNode, 'kind' | 'approval' | 'policy' | 'with' | 'message' | 'show' | 'form'>,
  place: Place,
  { reader, files, faults }: RunContext,
): GateNode {
  const at = `${planned.step.at}/gate`;
  if (gate.kind === 'policy') {
    planned.outputs = JUDGED;
    const reading = reader.json(gate.with, `${at}/with`, place, FIELDS.parameters);
    const parameters = reading.canonical as JsonObject;
    planned.params = reading.type;
    return {
      kind: 'gate',
      ...common,
      approval: gate.overrideApproval,
      policy: gate.policy,
      with: parameters,
      message: null,
      show: {},
      form: null,
    };
  }
  let response = ANY_TYPE;
  if (gate.form !== null) {
    reader.none(gate.form, `${at}/form`);
    readSchema(gate.form, `${at}/form`, files, faults);
    response = nullable(typeOfSchema(gate.form));
  }
  planned.outputs = objectType({ decision: nullable(STRING_TYPE), response, decisions: DECISIONS });
  const message =
    gate.message === null ? null : reader.json(gate.message, `${at}/message`, place, FIELDS.message).canonical;
  const show = reader.json(gate.show, `${at}/show`, place, FIELDS.show).canonical as JsonObject;
  return {
    kind: 'gate',
    ...common,
    approval: gate.approval,
    policy: null,
    with: {},
    message: typeof message === 'string' ? message : null,
    show,
    form: gate.form,
  };
}
