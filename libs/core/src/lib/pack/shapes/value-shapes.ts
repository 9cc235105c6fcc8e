import type { JsonObject } from '../../foundation/json';
import type { ValueType } from '../model/value-type';
import { jsonObject, oneOf, path } from './scalar-shapes';
import type { Shape } from './shape';

/** The type of an input or output. */
export const valueType: Shape<ValueType> = oneOf('string', 'number', 'integer', 'boolean', 'array', 'object', 'file');

/** A JSON Schema, or its path in the pack. */
export const schemaOrPath: Shape<JsonObject | string> = {
  blank: '',
  read: (written, at, reading) =>
    typeof written.value === 'string' ? path.read(written, at, reading) : jsonObject.read(written, at, reading),
  print: (value) => value,
  schema: () => ({ anyOf: [{ type: 'object' }, path.schema()] }),
};
