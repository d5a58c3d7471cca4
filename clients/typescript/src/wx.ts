import type { Reply, Request, Transport, Upload } from "./transport.js";

interface Failure {
  errMsg: string;
}

/** What is used of the mini-program's global `wx`. */
export interface Wx {
  request(options: {
    url: string;
    method: string;
    header: Record<string, string>;
    data?: string;
    dataType: string;
    responseType: string;
    timeout: number;
    success(answer: { statusCode: number; header: Record<string, string>; data: unknown }): void;
    fail(failure: Failure): void;
  }): unknown;
  uploadFile(options: {
    url: string;
    filePath: string;
    name: string;
    formData: Record<string, string>;
    header: Record<string, string>;
    timeout: number;
    success(answer: { statusCode: number; data: string }): void;
    fail(failure: Failure): void;
  }): unknown;
}

function lowered(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

/** For WeChat mini-programs. `timeout` is in milliseconds. */
export function wxTransport(wx: Wx, timeout = 35_000): Transport {
  return {
    send({ method, url, headers, body, bytes }: Request): Promise<Reply> {
      // wx.request knows no PATCH; the server takes this for one.
      const patch = method === "PATCH";
      const header = patch ? { ...headers, "X-HTTP-Method-Override": "PATCH" } : headers;
      return new Promise((resolve, reject) => {
        wx.request({
          url,
          method: patch ? "POST" : method,
          header,
          data: body,
          // Anything but "json": the text is read by the client, in one place.
          dataType: "text",
          responseType: bytes ? "arraybuffer" : "text",
          timeout,
          success: ({ statusCode, header, data }) =>
            resolve({ status: statusCode, headers: lowered(header), body: data as string | ArrayBuffer }),
          fail: ({ errMsg }) => reject(new Error(errMsg)),
        });
      });
    },
    upload({ url, headers }: Request, { file, fields }: Upload): Promise<Reply> {
      if (!("path" in file)) return Promise.reject(new TypeError("a path is needed here"));
      return new Promise((resolve, reject) => {
        wx.uploadFile({
          url,
          filePath: file.path,
          name: "file",
          formData: fields,
          header: headers,
          timeout,
          // No headers come with the answer of an upload.
          success: ({ statusCode, data }) => resolve({ status: statusCode, headers: {}, body: data }),
          fail: ({ errMsg }) => reject(new Error(errMsg)),
        });
      });
    },
  };
}
