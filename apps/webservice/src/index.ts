export { apiAdapter, createWebservice, startWebservice, type RunningWebservice } from './create-webservice';
export { WebserviceModule, type WebserviceOptions } from './webservice.module';
