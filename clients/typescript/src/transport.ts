// The seam between what is said and what carries it: one adapter for fetch, one for wx.request.

export interface Request {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** The answer is wanted as bytes. */
  bytes: boolean;
}

/** An upload: the file, and the fields of the form beside it. */
export interface Upload {
  file: FileSource;
  fields: Record<string, string>;
}

/** A file as browsers and Node hold it, or where a mini-program keeps it. */
export type FileSource = Blob | { path: string };

export interface Reply {
  status: number;
  /** Names are in lower case. */
  headers: Record<string, string>;
  body: string | ArrayBuffer;
}

/** Fails when no whole answer arrives: whether the server did anything is then unknown. */
export interface Transport {
  send(request: Request): Promise<Reply>;
  upload(request: Request, upload: Upload): Promise<Reply>;
}
