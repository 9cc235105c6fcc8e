// Routes according to the OpenAPI document. A new route is covered by all parts without a change here.
const METHODS = new Set(['get', 'put', 'post', 'delete', 'patch']);

/** Every operation: `{id, method, path, parameters, scopes, isPublic, takesBound, body, responses}`. */
export function operationsOf({ paths }) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => METHODS.has(method))
      .map(([method, operation]) => describe(path, method, operation)),
  );
}

function describe(path, method, { operationId, parameters = [], security, requestBody, responses, ...rest }) {
  if (!Array.isArray(security)) throw new Error(`${operationId} does not say whom it is for`);
  const scopes = security.flatMap((one) => Object.values(one).flat());
  if (JSON.stringify(scopes) !== JSON.stringify(rest['x-scopes']))
    throw new Error(`${operationId}: two lists of scopes`);
  const codes = new Map(Object.entries(responses).map(([status, response]) => [Number(status), codesOf(response)]));
  const [mediaType, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  return {
    id: operationId,
    method: method.toUpperCase(),
    path,
    parameters,
    scopes,
    isPublic: security.length === 0,
    takesBound: ![...codes.values()].flat().includes('TOKEN_BOUND'),
    body: mediaType === undefined ? null : { mediaType, example: content.examples?.example?.value },
    codes,
  };
}

function codesOf({ content = {} }) {
  return content['application/problem+json']?.schema.allOf?.[1]?.properties.code.enum ?? [];
}

/** The path with its parameters filled in. */
export function filled(path, values) {
  return path.replaceAll(/\{(\w+)\}/g, (_, name) => {
    if (values[name] === undefined)
      throw new Error(`nobody says what {${name}} of ${path} is: add it to the resources`);
    return encodeURIComponent(values[name]);
  });
}

/** The fault of a response that is wrong for any request: an internal error, a limit, or an undocumented response. */
export function oddity({ codes }, { status }, code) {
  if (status >= 500) return 'a fault of ours';
  if (status === 429) return 'limited: the round says nothing';
  if (!codes.has(status)) return 'a status that the document does not name';
  if (status >= 400 && !codes.get(status).includes(code)) return 'a code that the document does not name';
  return null;
}
