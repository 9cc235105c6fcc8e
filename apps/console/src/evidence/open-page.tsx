import VerifyPage from './verify-page';

interface OpenFacts {
  readonly maxBytes: number;
  /** The address of the console, which asks for a sign-in. */
  readonly home: string;
}

/** The page to verify a bundle for readers who are not signed in. It asks the server for nothing. */
export default function OpenPage({ maxBytes, home }: OpenFacts) {
  return (
    <>
      <header className="bar">
        <span className="brand">TaskRunner</span>
        <span className="bar-space" />
        <a href={home}>Sign in to see runs</a>
      </header>
      <div id="content" tabIndex={-1}>
        <VerifyPage maxBytes={maxBytes} />
      </div>
    </>
  );
}
