/** What a login or a refresh answers, as far as it has to be kept. */
export interface Tokens {
  access_token: string;
  /** Null in sessions on somebody's behalf: they end. */
  refresh_token?: string | null;
}

/** Where tokens outlive the app: a keychain, `wx.setStorageSync`, … */
export interface TokenStore {
  load(): Tokens | undefined | Promise<Tokens | undefined>;
  save(tokens: Tokens | undefined): void | Promise<void>;
}

/** Keeps tokens in memory. */
export function inMemory(tokens?: Tokens): TokenStore {
  return {
    load: () => tokens,
    save: (next) => {
      tokens = next;
    },
  };
}

/** A login. However many requests find the token expired, it is refreshed once. */
export class Session {
  private renewing: Promise<void> | undefined;

  constructor(
    private readonly store: TokenStore,
    /** The id this installation made for itself; the one that the login named. */
    readonly deviceId: string,
  ) {}

  tokens(): Promise<Tokens | undefined> {
    return Promise.resolve(this.store.load());
  }

  /** After a login, with what it answered; after a logout with nothing. */
  async keep(tokens: Tokens | undefined): Promise<void> {
    await this.store.save(
      tokens && { access_token: tokens.access_token, refresh_token: tokens.refresh_token ?? null },
    );
  }

  /** Replaces the tokens, unless somebody did while `expired` was on its way. */
  renew(expired: string, refresh: (refreshToken: string) => Promise<Tokens>): Promise<void> {
    this.renewing ??= this.replace(expired, refresh).finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  private async replace(expired: string, refresh: (refreshToken: string) => Promise<Tokens>): Promise<void> {
    const held = await this.tokens();
    if (!held?.refresh_token || held.access_token !== expired) return;
    await this.keep(await refresh(held.refresh_token));
  }
}
