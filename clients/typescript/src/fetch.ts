import type { Reply, Request, Transport, Upload } from "./transport.js";

/** For browsers and Node. `timeout` is in milliseconds, longer than the server's own thirty seconds. */
export function fetchTransport(fetch: typeof globalThis.fetch = globalThis.fetch, timeout = 35_000): Transport {
  async function send(request: Request, body: BodyInit | undefined): Promise<Reply> {
    const { method, url, headers } = request;
    const answer = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(timeout) });
    const said: Record<string, string> = {};
    answer.headers.forEach((value, name) => {
      said[name] = value;
    });
    return {
      status: answer.status,
      headers: said,
      body: request.bytes && answer.ok ? await answer.arrayBuffer() : await answer.text(),
    };
  }
  return {
    send: (request) => send(request, request.body),
    async upload(request: Request, { file, fields }: Upload) {
      if (!(file instanceof Blob)) throw new TypeError("a Blob is needed here");
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      form.append("file", file);
      return send(request, form);
    },
  };
}
