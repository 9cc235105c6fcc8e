import type { NextFunction, Request, Response } from 'express';

/** The part of the Express router that is used here. */
interface Routes {
  readonly stack: readonly {
    readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
    match(path: string): boolean;
  }[];
}

/** The methods of a path, sorted, including those that Express and this service add; none: there is no such path. */
export function allowedMethods(request: Request): readonly string[] {
  const { stack } = request.app.router as unknown as Routes;
  const methods = new Set<string>();
  for (const layer of stack)
    if (layer.route !== undefined && layer.match(request.path))
      for (const method of Object.keys(layer.route.methods)) methods.add(method.toUpperCase());
  if (methods.has('GET')) methods.add('HEAD');
  if (methods.size > 0) methods.add('OPTIONS');
  return [...methods].sort();
}

/** Answers OPTIONS (RFC 9110 §9.3.7), also preflight requests. Pages of other origins may call the API only if `corsOptions` allows them. */
export function sendAllowedMethods(request: Request, response: Response, next: NextFunction): void {
  const methods = request.method === 'OPTIONS' ? allowedMethods(request) : [];
  if (methods.length === 0) next();
  else response.status(204).setHeader('Allow', methods.join(', ')).end();
}
