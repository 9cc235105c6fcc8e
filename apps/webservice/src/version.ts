/** The release of this webservice: in the OpenAPI document. */
export const VERSION = '0.1.0';
