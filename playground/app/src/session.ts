/**
 * Who is signed in, in this tab of the browser.
 *
 * The refresh token stays in memory: whoever finds one is signed in for a month. The access token, good for 15 minutes, is
 * also in the tab's session storage, so that a reload does not sign out. A tab is a session of its own, so that two of them
 * can be two people who write to each other.
 */
import { data } from "./graph";

export interface Person {
  id: string;
  username: string;
  displayName: string | null;
}

export interface SignedIn {
  person: Person;
  accessToken: string;
  /** In milliseconds, as `Date.now()`. */
  expiresAt: number;
  /** Not there after a reload. */
  refreshToken: string | null;
}

export interface State {
  signedIn: SignedIn | null;
  /** What has happened without anybody asking for it. */
  notice: string | null;
}

interface SessionPayload {
  accessToken: string | null;
  expiresIn: number | null;
  refreshToken: string | null;
  user: Person | null;
  userErrors: { code: string; message: string }[];
}

const STORED = "rookery:session";
/** How long before its end a token is renewed, in milliseconds. */
const AHEAD = 60_000;

const FIELDS = "accessToken expiresIn refreshToken user { id username displayName } userErrors { code message }";
const LOG_IN = `mutation PlaygroundLogIn($input: LoginInput!) { session: login(input: $input) { ${FIELDS} } }`;
const RENEW = `mutation PlaygroundRenew($input: RefreshSessionInput!) { session: refreshSession(input: $input) { ${FIELDS} } }`;
const LOG_OUT = "mutation PlaygroundLogOut($input: LogoutInput!) { logout(input: $input) { userErrors { message } } }";
const SESSIONS = "query PlaygroundSessions { sessions { id isCurrent } }";
const END = "mutation PlaygroundEnd($input: EndSessionInput!) { endSession(input: $input) { userErrors { message } } }";

export class Session {
  #state: State;
  #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewal: Promise<void> | null = null;

  constructor() {
    this.#state = { signedIn: stored(), notice: null };
    this.#schedule();
  }

  readonly state = (): State => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Throws with what is wrong. */
  async signIn(email: string, password: string): Promise<void> {
    this.#become(await signedIn(LOG_IN, { email, password }), null);
  }

  /** Ends the session, here at once and at the router as soon as that answers. */
  async signOut(): Promise<void> {
    const ended = this.#state.signedIn;
    this.#become(null, null);
    if (!ended) return;
    try {
      await end(ended);
    } catch {
      this.#become(null, "Signed out here. The router could not be told.");
    }
  }

  /** A token that is good for a while; null when nobody is signed in. */
  async token(): Promise<string | null> {
    const { signedIn } = this.#state;
    if (signedIn && signedIn.expiresAt - Date.now() < AHEAD) await this.#renew();
    return this.#state.signedIn?.accessToken ?? null;
  }

  /** Renews the session if that is possible, ends it here if it is over; once, whoever asks meanwhile. */
  #renew(): Promise<void> {
    this.#renewal ??= this.#renewed().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #renewed(): Promise<void> {
    const before = this.#state.signedIn;
    if (!before) return;
    let next = before;
    if (before.refreshToken) {
      // Until its end the old token will do; somebody may be about to start the router again.
      next = await signedIn(RENEW, { refreshToken: before.refreshToken }).catch(() => before);
    }
    // Somebody else may have signed in meanwhile.
    if (this.#state.signedIn !== before) return;
    if (next.expiresAt > Date.now()) this.#become(next, null);
    else this.#become(null, "The session is over. Please sign in again.");
  }

  #become(signedIn: SignedIn | null, notice: string | null) {
    this.#state = { signedIn, notice };
    store(signedIn);
    this.#schedule();
    this.#listeners.forEach((listener) => listener());
  }

  #schedule() {
    clearTimeout(this.#timer);
    const { signedIn } = this.#state;
    if (!signedIn) return;
    const left = signedIn.expiresAt - Date.now();
    // What could not be renewed ahead is looked at again when it ends.
    const wait = signedIn.refreshToken && left > AHEAD ? left - AHEAD : left;
    this.#timer = setTimeout(() => void this.#renew(), Math.max(wait, 0) + 50);
  }
}

async function signedIn(query: string, input: object): Promise<SignedIn> {
  const { session } = await data<{ session: SessionPayload }>(query, { input });
  const { accessToken, expiresIn, refreshToken, user } = session;
  if (!accessToken || !expiresIn || !user) {
    throw new Error(session.userErrors[0]?.message ?? "The router answered without a session.");
  }
  return { person: user, accessToken, expiresAt: Date.now() + expiresIn * 1000, refreshToken };
}

async function end({ accessToken, refreshToken }: SignedIn): Promise<void> {
  if (refreshToken) {
    await data(LOG_OUT, { input: { refreshToken } });
    return;
  }
  const { sessions } = await data<{ sessions: { id: string; isCurrent: boolean }[] }>(SESSIONS, {}, accessToken);
  const current = sessions.find((session) => session.isCurrent);
  if (current) await data(END, { input: { sessionId: current.id } }, accessToken);
}

function stored(): SignedIn | null {
  try {
    const found: SignedIn | null = JSON.parse(sessionStorage.getItem(STORED) ?? "null");
    return found && found.expiresAt > Date.now() ? { ...found, refreshToken: null } : null;
  } catch {
    return null;
  }
}

function store(signedIn: SignedIn | null) {
  if (signedIn) sessionStorage.setItem(STORED, JSON.stringify({ ...signedIn, refreshToken: null }));
  else sessionStorage.removeItem(STORED);
}
