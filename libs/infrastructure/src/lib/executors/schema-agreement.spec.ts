import type { Json, JsonObject } from '@taskrunner/core/foundation';
import { compileSchema } from '@taskrunner/core/schema';
import { PROTOTYPE_CASES, REFUSED_SCHEMAS, SCHEMA_CASES } from '@taskrunner/core/testing';
import { builtins } from './testing/builtins';
import { aRequest, Report } from './testing/requests';

const executors = builtins();

async function codeOf(uses: string, parameters: JsonObject, outputs: JsonObject | null = null): Promise<string> {
  const request = aRequest(parameters, {}, { outputs });
  const outcome = await executors.get(uses)?.execute(request, new Report());
  return outcome?.kind === 'failed' ? outcome.code : (outcome?.kind ?? 'none');
}

/** The results of the executor and of the declared output of a step. */
async function verdicts(schema: Json, value: Json): Promise<Json> {
  return [
    await codeOf('builtin:validate-schema', { target: value, schema }),
    await codeOf('builtin:noop', { y: value }, { y: schema }),
  ];
}

const ODD: readonly Json[] = [null, '2020-01-01', 1, 1.5, true, [], ['a', 1], {}, { a: 1 }, { toString: 1 }];

it.each([...SCHEMA_CASES, ...PROTOTYPE_CASES].map((one) => [one.name, one] as const))(
  'the executor and declared outputs say of %s what the planner says',
  async (_, { schema, fits, fails }) => {
    const fit = ['succeeded', 'succeeded'];
    const fail = ['SCHEMA_INVALID', 'OUTPUTS_INVALID'];
    for (const value of fits) expect([value, await verdicts(schema, value)]).toEqual([value, fit]);
    for (const value of fails) expect([value, await verdicts(schema, value)]).toEqual([value, fail]);
    const compiled = compileSchema(schema);
    for (const value of ODD) {
      const isFit = compiled.kind === 'schema' && compiled.findings(value).length === 0;
      expect([value, await verdicts(schema, value)]).toEqual([value, isFit ? fit : fail]);
    }
  },
);

it.each(REFUSED_SCHEMAS)('the executor and declared outputs refuse %s', async (_, schema) => {
  expect(await verdicts(schema, {})).toEqual(['SCHEMA_UNUSABLE', 'SCHEMA_UNUSABLE']);
});
