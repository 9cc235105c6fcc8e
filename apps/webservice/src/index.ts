export {
  apiAdapter,
  apiDocument,
  createWebservice,
  startWebservice,
  type RunningWebservice,
} from './create-webservice';
export { ORIGINAL_RUN } from './operations.module';
export { WebserviceModule, type WebserviceOptions } from './webservice.module';
