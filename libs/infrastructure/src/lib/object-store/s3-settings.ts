/** How an S3 bucket is reached. */
export interface S3Settings {
  /** Null: AWS's own for the region. */
  readonly endpoint: string | null;
  readonly region: string;
  readonly bucket: string;
  /** Before every key; empty, or ends in `/`. */
  readonly prefix: string;
  /** `https://endpoint/bucket/key`, as most servers other than AWS want it. */
  readonly pathStyle: boolean;
  /** Files with the two halves of a key pair, read again every few minutes; both null: the default chain of the AWS SDK. */
  readonly accessKeyIdFile: string | null;
  readonly secretAccessKeyFile: string | null;
  /** Bytes of a part; what is not larger is stored in one request. */
  readonly partSize: number;
  /** Parts of one object under way at once. */
  readonly partsAtOnce: number;
  /** How often a request is sent before it counts as failed. */
  readonly attempts: number;
  /** Longest silence of the server, milliseconds. */
  readonly timeout: number;
  /** Folder for objects of more than one part on their way; each is a nameless file there. */
  readonly spoolDirectory: string;
}
