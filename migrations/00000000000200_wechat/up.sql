-- Which WeChat user an account belongs to, so that a mini-program logs in by itself. Of the user only a blind index of the
-- openid: it is compared, never read. One user, one account; one account, one user.
CREATE TABLE account_wechat (
    account_id uuid PRIMARY KEY REFERENCES account (id),
    openid_index bytea NOT NULL,
    bound_at timestamptz NOT NULL,
    CONSTRAINT account_wechat_openid UNIQUE (openid_index)
);
