import { type FormEvent, useEffect, useId, useRef, useState, useSyncExternalStore } from "react";

import { DEMO } from "./examples";
import type { Session } from "./session";

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

/** Who is signed in and until when, and the way in and out. */
export function SessionControl({ session }: { session: Session }) {
  const { signedIn, notice } = useSyncExternalStore(session.subscribe, session.state);
  const [isAsking, setIsAsking] = useState(false);
  return (
    <div className="session">
      <p role="status">
        {signedIn ? (
          <>
            <strong>{signedIn.person.displayName ?? signedIn.person.username}</strong> is signed in until{" "}
            {TIME.format(signedIn.expiresAt)}
            {signedIn.refreshToken && " (renewed by itself)"}
          </>
        ) : (
          (notice ?? "Nobody is signed in")
        )}
      </p>
      {signedIn ? (
        <button type="button" onClick={() => void session.signOut()}>
          Sign out
        </button>
      ) : (
        <button type="button" className="primary" aria-haspopup="dialog" onClick={() => setIsAsking(true)}>
          Sign in
        </button>
      )}
      {isAsking && <SignIn session={session} onEnd={() => setIsAsking(false)} />}
    </div>
  );
}

/** The form, as a dialog over the page. */
function SignIn({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);

  const signIn = async (email: string, password: string) => {
    setProblem(null);
    setIsBusy(true);
    try {
      await session.signIn(email, password);
      dialog.current?.close();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setIsBusy(false);
    }
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void signIn(String(form.get("email")), String(form.get("password")));
  };

  return (
    <dialog ref={dialog} className="sign-in" aria-labelledby={`${id}-title`} onClose={onEnd}>
      <h2 id={`${id}-title`}>Sign in</h2>
      <p>Every request of this browser tab then carries your token, until you sign out.</p>
      <form onSubmit={submit}>
        <label htmlFor={`${id}-email`}>E-mail</label>
        <input id={`${id}-email`} name="email" type="email" autoComplete="username" required />
        <label htmlFor={`${id}-password`}>Password</label>
        <input id={`${id}-password`} name="password" type="password" autoComplete="current-password" required />
        <p className="problem" role="alert">
          {problem}
        </p>
        <div className="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" className="primary" disabled={isBusy}>
            Sign in
          </button>
        </div>
      </form>
      <fieldset>
        <legend>Demo accounts</legend>
        <p>
          They exist only in the demo of <code>cargo run</code>.
        </p>
        <div className="buttons">
          {DEMO.accounts.map(({ name, email }) => (
            <button key={email} type="button" disabled={isBusy} onClick={() => void signIn(email, DEMO.password)}>
              {name}
            </button>
          ))}
        </div>
      </fieldset>
    </dialog>
  );
}
