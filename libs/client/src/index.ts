export type { paths } from './lib/api/schema';
export type * from './lib/api/types';
export { createClient, type TaskRunnerClient } from './lib/client';
export type { Api, ClientOptions } from './lib/connection/api';
export { bodyOf } from './lib/connection/body-of';
export { ApiProblem, type ApiProblemCode } from './lib/problem/api-problem';
export { ClientError, type ClientErrorCode } from './lib/problem/client-error';
