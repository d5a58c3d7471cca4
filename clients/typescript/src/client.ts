import { NoAnswer, Problem, failure } from "./problem.js";
import type { Session, Tokens } from "./session.js";
import type { FileSource, Reply, Request, Transport } from "./transport.js";

/** How an operation is reached; the generated tables hold one for each. */
export interface Route {
  method: string;
  path: string;
  /** Takes a token. */
  auth: boolean;
  /** Takes an Idempotency-Key. */
  key: boolean;
  /** Answers something that is not JSON. */
  bytes: boolean;
  /** Media type of the body. */
  body: string | null;
}

// In brackets, so that the compiler never multiplies out what all operations of a document might be given.
type Part<O, Name extends string> = [O] extends [{ parameters: infer P }] ? (Name extends keyof P ? Pick<P, Name> : {}) : {};
type BodyOf<O> = [O] extends [{ requestBody: { content: infer C } }]
  ? { body: C[keyof C] }
  : [O] extends [{ requestBody?: infer B }]
    ? [NonNullable<B>] extends [{ content: infer C }] ? { body?: C[keyof C] } : {}
    : {};
type Condition<O> = [O] extends [{ parameters: { header: { "If-Match": string } } }] ? { ifMatch: string } : {};

/** What an operation is given. Without `key` one is made; keep it yourself where the app may be closed before the answer. */
export type Input<O> = Part<O, "path"> & Part<O, "query"> & BodyOf<O> & Condition<O> & { key?: string };

type Success<R> = R extends { content: infer C }
  ? "application/json" extends keyof C ? C["application/json"] : ArrayBuffer
  : undefined;
type Answered<O> = O extends { responses: infer R } ? Success<R[keyof R & (200 | 201 | 202 | 204)]> : never;
type ItemOf<T> = T extends { items: (infer I)[] } ? I : never;

export interface Answer<T> {
  status: number;
  data: T;
  /** Give it as `ifMatch` to change what was read. */
  etag: string | undefined;
}

export interface Options {
  /** Without `/v1`. */
  baseUrl: string;
  transport: Transport;
  /** Without one only what needs no login can be called. */
  session?: Session;
  /** `X-Client`: name, version, platform. */
  client?: string;
  /** How often a request is sent at most. */
  tries?: number;
  /** Longest wait for another try, milliseconds; whoever is told to wait longer shows it. */
  patience?: number;
  sleep?: (milliseconds: number) => Promise<void>;
  newKey?: () => string;
}

// Mini-programs have no crypto. A key only has to differ from the account's others of a day.
function randomKey(): string {
  const part = () => Math.random().toString(36).slice(2, 12);
  return `${Date.now().toString(36)}-${part()}${part()}`;
}

interface Loose {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  ifMatch?: string;
  key?: string;
}

/** The operations of one document, by their ids. */
export class Client<Ops> {
  private readonly tries: number;
  private readonly patience: number;
  private readonly sleep: (milliseconds: number) => Promise<void>;
  private readonly newKey: () => string;

  constructor(
    private readonly routes: { readonly [id: string]: Route },
    private readonly options: Options,
  ) {
    this.tries = options.tries ?? 4;
    this.patience = options.patience ?? 10_000;
    this.sleep = options.sleep ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)));
    this.newKey = options.newKey ?? randomKey;
  }

  /** Calls an operation. Throws `Problem` when it is refused and `NoAnswer` when nobody knows. */
  async call<Id extends keyof Ops & string>(id: Id, input: Input<Ops[Id]>): Promise<Answer<Answered<Ops[Id]>>> {
    return (await this.dispatch(id, input)) as Answer<Answered<Ops[Id]>>;
  }

  /** All items of a list, page after page. */
  async *each<Id extends keyof Ops & string>(
    id: Id,
    input: Input<Ops[Id]>,
  ): AsyncGenerator<ItemOf<Answered<Ops[Id]>>, void> {
    const loose: Loose = input;
    let after: unknown;
    do {
      const { data } = await this.dispatch(id, { ...loose, query: { ...loose.query, after } });
      const page = data as { items: ItemOf<Answered<Ops[Id]>>[]; next?: string | null };
      yield* page.items;
      after = page.next;
    } while (after);
  }

  /** Uploads a file for `purpose`; name it by its id where it belongs. */
  upload(purpose: string, file: FileSource, key?: string): Promise<Answer<{ id: string }>> {
    const sent = this.dispatch("upload_file", { key }, { file, fields: { purpose } });
    return sent as Promise<Answer<{ id: string }>>;
  }

  private async dispatch(id: string, input: Loose, upload?: { file: FileSource; fields: Record<string, string> }): Promise<Answer<unknown>> {
    const route = this.routes[id];
    if (!route) throw new TypeError(`no operation ${id}`);
    // One key for all tries: whatever became of the first, the next is answered what it was or would have been.
    const key = route.key ? (input.key ?? this.newKey()) : undefined;
    // The same device is given the same successor again, so an answer that was lost may be asked for.
    const repeatable = route.method === "GET" || key !== undefined || id === "refresh";
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      const token = route.auth ? (await this.options.session?.tokens())?.access_token : undefined;
      const request = this.request(route, input, token, key);
      const { transport } = this.options;
      let failed: Problem | NoAnswer;
      try {
        const reply = upload ? await transport.upload(request, upload) : await transport.send(request);
        if (reply.status < 400) return answer(route, reply);
        failed = failure(reply);
      } catch (error) {
        failed = new NoAnswer(error);
      }
      const expired = failed instanceof Problem && (failed.code === "TOKEN_EXPIRED" || failed.code === "UNAUTHENTICATED");
      if (token !== undefined && expired && !renewed) {
        renewed = true;
        await this.renew(token);
        continue;
      }
      const wait = attempt < this.tries ? pause(failed, repeatable, attempt) : undefined;
      if (wait === undefined || wait > this.patience) throw failed;
      await this.sleep(wait);
    }
  }

  // Whose refresh is refused has to log in again; that refusal, `REFRESH_INVALID`, is what the caller is thrown.
  private async renew(expired: string): Promise<void> {
    const { session } = this.options;
    await session?.renew(expired, async (refresh_token) => {
      const body = { refresh_token, device_id: session.deviceId };
      try {
        return (await this.dispatch("refresh", { body })).data as Tokens;
      } catch (error) {
        if (error instanceof Problem && error.code === "REFRESH_INVALID") await session.keep(undefined);
        throw error;
      }
    });
  }

  private request(route: Route, input: Loose, token: string | undefined, key: string | undefined): Request {
    const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(input.path?.[name])));
    const query = Object.entries(input.query ?? {})
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
      .join("&");
    const headers: Record<string, string> = { Accept: "*/*" };
    if (this.options.client) headers["X-Client"] = this.options.client;
    if (token !== undefined) headers["Authorization"] = `Bearer ${token}`;
    if (key !== undefined) headers["Idempotency-Key"] = key;
    if (input.ifMatch !== undefined) headers["If-Match"] = input.ifMatch;
    const json = input.body !== undefined && route.body !== null;
    if (json) headers["Content-Type"] = route.body ?? "";
    return {
      method: route.method,
      url: `${this.options.baseUrl}${path}${query && `?${query}`}`,
      headers,
      ...(json ? { body: JSON.stringify(input.body) } : {}),
      bytes: route.bytes,
    };
  }
}

function answer(route: Route, reply: Reply): Answer<unknown> {
  const { status, headers, body } = reply;
  let data: unknown = route.bytes ? body : undefined;
  // An answer that broke off on the way is none.
  if (!route.bytes && body !== "") data = JSON.parse(String(body));
  return { status, data, etag: headers["etag"] };
}

// How long to wait for another try, or that there is none. Other refusals are final, and after 500 nobody knows.
function pause(failed: Problem | NoAnswer, repeatable: boolean, attempt: number): number | undefined {
  const backoff = 500 * 2 ** (attempt - 1);
  if (failed instanceof NoAnswer) return repeatable ? backoff : undefined;
  const said = failed.retryAfter === undefined ? backoff : failed.retryAfter * 1000;
  // 429 is said before anything is done; of the others that is not sure.
  if (failed.status === 429) return said;
  const passing = failed.code === "IN_PROGRESS" || failed.status === 503 || failed.status === 408;
  return passing && repeatable ? said : undefined;
}
