// Stand-ins for what is not here: the mini-program's `wx`, and a server that answers what a test says.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { Wx } from "../src/index.js";

// What wx.request sends; PATCH is not among it.
const METHODS = ["OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT"];

/** `wx` as a mini-program has it, over Node's fetch. */
export const wx: Wx = {
  request({ url, method, header, data, responseType, success, fail }) {
    if (!METHODS.includes(method)) return fail({ errMsg: `request:fail method ${method}` });
    fetch(url, { method, headers: header, body: data })
      .then(async (answer) => {
        const said: Record<string, string> = {};
        // As on phones, where names keep the case they are sent in.
        answer.headers.forEach((value, name) => (said[name.replace(/^./, (c) => c.toUpperCase())] = value));
        const body = responseType === "arraybuffer" ? await answer.arrayBuffer() : await answer.text();
        success({ statusCode: answer.status, header: said, data: body });
      })
      .catch((error: Error) => fail({ errMsg: `request:fail ${error.message}` }));
  },
  uploadFile: ({ fail }) => fail({ errMsg: "uploadFile:fail" }),
};

export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

export type Handler = (seen: Seen, respond: (status: number, body: unknown, headers?: Record<string, string>) => void, res: ServerResponse) => void;

/** A server until the test ends. Answers its address and what it was asked. */
export async function serve(t: TestContext, handler: Handler): Promise<{ baseUrl: string; asked: Seen[] }> {
  const asked: Seen[] = [];
  const server = createServer((req, res) => {
    let body = "";
    req.on("data", (chunk) => (body += chunk));
    req.on("end", () => {
      const seen = { method: req.method ?? "", url: req.url ?? "", headers: req.headers, body };
      asked.push(seen);
      handler(
        seen,
        (status, answer, headers = {}) => {
          const kind = status < 400 ? "application/json" : "application/problem+json";
          res.writeHead(status, { "content-type": kind, ...headers }).end(JSON.stringify(answer));
        },
        res,
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
