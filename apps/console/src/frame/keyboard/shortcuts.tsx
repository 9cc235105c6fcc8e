import { useState } from 'react';
import { Button, Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { areKeysOn, switchKeys } from './keys';

const KEYS: readonly (readonly [string, string])[] = [
  ['j / k', 'next, previous row'],
  ['Enter', 'open the row'],
  ['/', 'search'],
  ['g', 'go to the runs'],
  ['a', 'go to the approvals'],
  ['p', 'go to the packs'],
  ['s', 'go to the schedules'],
  ['1 – 6', 'a tab of a run: graph, steps, timeline, log, outputs, artifacts'],
  ['f', 'follow the log'],
  ['r', 'show the log as it is stored'],
  ['Ctrl K', 'go to a page, a run or a part of a run'],
  ['Escape', 'close what is open'],
  ['?', 'this list'],
];

/** The keyboard shortcuts of the console. */
export function Shortcuts({ isOpen, close }: { readonly isOpen: boolean; readonly close: () => void }) {
  const [isOn, setOn] = useState(() => areKeysOn(localStorage));
  return (
    <ModalOverlay isOpen={isOpen} onOpenChange={(open) => open || close()} isDismissable className="overlay">
      <Modal className="modal">
        <Dialog className="dialog">
          <Heading slot="title">Keyboard shortcuts</Heading>
          <dl className="keys">
            {KEYS.map(([key, text]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
          <label className="check">
            <input
              type="checkbox"
              checked={isOn}
              onChange={({ target: { checked } }) => {
                switchKeys(checked, localStorage);
                setOn(checked);
              }}
            />
            Use these keys
          </label>
          <Button className="button" onPress={close}>
            Close
          </Button>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
