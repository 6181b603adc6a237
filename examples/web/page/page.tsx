import { type SubmitEvent, useCallback, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { call, type Note, Refusal, type User } from "./backend.ts";

function SignIn({ onUser }: { readonly onUser: (user: User) => void }) {
  const [fault, setFault] = useState("");
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const credentials = Object.fromEntries(new FormData(event.currentTarget));
    call<User>("POST", "/api/session", credentials).then(onUser, ({ message }) => setFault(message));
  };
  return (
    <form onSubmit={submit}>
      <h1>Sign in</h1>
      <label>
        User name <input name="username" autoComplete="username" required />
      </label>
      <label>
        Password <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <button type="submit">Sign in</button>
      <p role="alert">{fault}</p>
    </form>
  );
}

async function notesOfUser(): Promise<readonly Note[]> {
  return (await call<{ readonly notes: readonly Note[] }>("GET", "/api/notes")).notes;
}

interface NotesProps {
  readonly user: User;
  /** The session has ended. */
  readonly onEnd: () => void;
  /** The user has ended the session in this tab. */
  readonly onSignOut: () => void;
}

function Notes({ user, onEnd, onSignOut }: NotesProps) {
  const [notes, setNotes] = useState<readonly Note[]>([]);
  const [fault, setFault] = useState("");
  // A session may have ended in another tab or on the server: the next call says so.
  const failed = useCallback(
    (error: unknown) => {
      if (error instanceof Refusal && error.status === 401) onEnd();
      else setFault(error instanceof Error ? error.message : "");
    },
    [onEnd],
  );
  const load = useCallback(() => notesOfUser().then(setNotes, failed), [failed]);
  useEffect(() => void load(), [load]);
  const add = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const note = Object.fromEntries(new FormData(event.currentTarget));
    event.currentTarget.reset();
    call("POST", "/api/notes", note).then(load, failed);
  };
  return (
    <main>
      <h1>Notes of {user.username}</h1>
      <ul>
        {notes.map(({ id, text }) => (
          <li key={id}>{text}</li>
        ))}
      </ul>
      <form onSubmit={add}>
        <label>
          Note <input name="text" required />
        </label>
        <button type="submit">Add</button>
      </form>
      <button type="button" onClick={() => call("DELETE", "/api/session").then(onSignOut, failed)}>
        Sign out
      </button>
      <p role="alert">{fault}</p>
    </main>
  );
}

/** Tabs share the cookie. So a login or a logout in one tab changes the user of all. */
const tabs = new BroadcastChannel("session");

function Page() {
  /** Undefined until the backend has answered, and null if nobody is signed in. */
  const [user, setUser] = useState<User | null>();
  const end = useCallback(() => setUser(null), []);
  useEffect(() => {
    const look = () => void call<User>("GET", "/api/session").then(setUser, end);
    tabs.onmessage = look;
    look();
  }, [end]);
  const change = useCallback((next: User | null) => {
    setUser(next);
    tabs.postMessage(null);
  }, []);
  const signOut = useCallback(() => change(null), [change]);
  if (user === undefined) return null;
  // The key drops the notes of the user before.
  return user ? (
    <Notes key={user.username} user={user} onEnd={end} onSignOut={signOut} />
  ) : (
    <SignIn onUser={change} />
  );
}

const place = document.getElementById("page");
if (place) createRoot(place).render(<Page />);
