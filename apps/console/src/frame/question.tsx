import type { ReactNode } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { Refusal } from './refusal';

interface QuestionFacts {
  readonly title: string;
  readonly close: () => void;
  /** What the button says that does it. */
  readonly answer: string;
  /** What the button says that leaves everything as it is. */
  readonly dismiss: string;
  readonly tone?: 'primary' | 'danger';
  /** True while the server is asked. */
  readonly isPending: boolean;
  readonly error: Error | null;
  /** What became of the request after the error. */
  readonly outcome?: ReactNode;
  readonly act: () => void;
  readonly children: ReactNode;
}

/** Asks before something is done. The answer of the server stays in it until it is closed. */
export function Question({
  title,
  close,
  answer,
  dismiss,
  tone,
  isPending,
  error,
  outcome,
  act,
  children,
}: QuestionFacts) {
  return (
    <ModalOverlay isOpen onOpenChange={(open) => open || close()} className="overlay">
      <Modal className="modal wide">
        <Dialog className="dialog">
          <Heading slot="title">{title}</Heading>
          <form
            className="fields"
            onSubmit={(event) => {
              event.preventDefault();
              if (!isPending) act();
            }}
          >
            {children}
            <Refusal error={error} outcome={outcome} />
            <p className="buttons">
              <button type="submit" className={`button ${tone ?? 'primary'}`} disabled={isPending}>
                {answer}
              </button>
              <button type="button" className="button" onClick={close}>
                {dismiss}
              </button>
            </p>
          </form>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
