/** Says that a reload would lose what was entered, because there is too much of it. */
export function NotKept() {
  return (
    <p className="faint" role="status">
      What you have entered is too long for this tab to keep it over a reload.
    </p>
  );
}
