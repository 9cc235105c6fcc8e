export {
  apiAdapter,
  apiDocument,
  createWebservice,
  startWebservice,
  type RunningWebservice,
} from './create-webservice';
export { WebserviceModule, type WebserviceOptions } from './webservice.module';
