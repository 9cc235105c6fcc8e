/** Settings of an S3 bucket. */
export interface S3Settings {
  /** Null: the AWS endpoint of the region. */
  readonly endpoint: string | null;
  readonly region: string;
  readonly bucket: string;
  /** Prefix of every key; empty, or ends with `/`. */
  readonly prefix: string;
  /** `https://endpoint/bucket/key`, which most servers other than AWS need. */
  readonly pathStyle: boolean;
  /** Files with the two halves of a key pair, reread every few minutes; both null: the default credential chain of the AWS SDK. */
  readonly accessKeyIdFile: string | null;
  readonly secretAccessKeyFile: string | null;
  /** Size of a part, bytes. Objects up to this size are stored in one request. */
  readonly partSize: number;
  /** Number of concurrent parts of one object. */
  readonly partsAtOnce: number;
  /** Number of tries of a request. */
  readonly attempts: number;
  /** Timeout without any data from the server, milliseconds. */
  readonly timeout: number;
  /** Folder for spooling objects of more than one part, each in an unnamed file. */
  readonly spoolDirectory: string;
}
