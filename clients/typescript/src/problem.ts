import type { ProblemCode } from "./generated/codes.js";
import type { components } from "./generated/member.js";
import type { Reply } from "./transport.js";

export type { ProblemCode };
export type ProblemBody = components["schemas"]["Problem"];

/** The server refused. `message` is what the person may be shown; decide by `code`. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly code: ProblemCode;

  constructor(
    /** All of it: `errors` with their pointers, `actions`, and what a code has beside. */
    readonly body: ProblemBody,
    /** Seconds after which it is worth asking again. */
    readonly retryAfter?: number,
  ) {
    super(body.detail ?? "系统繁忙，请稍后再试。");
    this.status = body.status;
    this.code = body.code;
  }
}

/** Nothing, or nothing of ours, was answered: what the server did is unknown. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  constructor(readonly reason: unknown) {
    super("网络不稳定，请重试。");
  }
}

/** A failed answer as an error; one that is no problem comes from something between here and the server. */
export function failure(reply: Reply): Problem | NoAnswer {
  try {
    const body = JSON.parse(String(reply.body)) as ProblemBody;
    if (typeof body.code === "string") {
      const seconds = Number(reply.headers["retry-after"] ?? NaN);
      return new Problem({ ...body, status: reply.status }, Number.isFinite(seconds) ? seconds : undefined);
    }
  } catch {
    // Said below.
  }
  return new NoAnswer(`HTTP ${reply.status}`);
}
