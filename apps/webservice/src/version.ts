/** The release of this webservice: in the OpenAPI document. */
export { RUNNER_VERSION as VERSION } from '@taskrunner/core/pack';
