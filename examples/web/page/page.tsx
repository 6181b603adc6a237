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

function Notes({ user, onEnd }: { readonly user: User; readonly onEnd: () => void }) {
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
      <button type="button" onClick={() => call("DELETE", "/api/session").then(onEnd, failed)}>
        Sign out
      </button>
      <p role="alert">{fault}</p>
    </main>
  );
}

function Page() {
  /** Undefined until the backend has answered, and null if nobody is signed in. */
  const [user, setUser] = useState<User | null>();
  const end = useCallback(() => setUser(null), []);
  useEffect(() => void call<User>("GET", "/api/session").then(setUser, end), [end]);
  if (user === undefined) return null;
  return user ? <Notes user={user} onEnd={end} /> : <SignIn onUser={setUser} />;
}

const place = document.getElementById("page");
if (place) createRoot(place).render(<Page />);
