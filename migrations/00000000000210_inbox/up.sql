-- What an account is told 消息, its preferences, and pushes to its devices.

-- A message is written once for an event, however often the event is delivered.
CREATE TABLE inbox_message (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    event_key text COLLATE "C" NOT NULL,
    kind text NOT NULL CHECK (kind IN ('security', 'service', 'benefits')),
    title text NOT NULL,
    body text NOT NULL,
    -- What it leads to: a word for the client, and the id where it is one thing of several.
    link_rel text,
    link_id uuid,
    created_at timestamptz NOT NULL,
    read_at timestamptz,
    CONSTRAINT inbox_message_link CHECK (link_id IS NULL OR link_rel IS NOT NULL)
);
CREATE UNIQUE INDEX inbox_message_once ON inbox_message (account_id, event_key);
CREATE INDEX inbox_message_account ON inbox_message (account_id, id);
CREATE INDEX inbox_message_unread ON inbox_message (account_id, id) WHERE read_at IS NULL;
CREATE INDEX inbox_message_created_at ON inbox_message (created_at);

-- An account without a row has the defaults: everything on, quiet from 22:00 to 08:00 in Shanghai. The row is also what
-- changes to one account's devices wait for.
CREATE TABLE inbox_preference (
    account_id uuid PRIMARY KEY REFERENCES account (id),
    service_push boolean NOT NULL,
    benefits_inbox boolean NOT NULL,
    benefits_push boolean NOT NULL,
    notices_push boolean NOT NULL,
    -- Minutes of the Shanghai day, from inclusive, to exclusive; both null without quiet hours.
    quiet_from smallint CHECK (quiet_from BETWEEN 0 AND 1439),
    quiet_to smallint CHECK (quiet_to BETWEEN 0 AND 1439),
    CONSTRAINT inbox_preference_quiet CHECK (
        (quiet_from IS NULL) = (quiet_to IS NULL) AND (quiet_from <> quiet_to) IS NOT FALSE
    ),
    CONSTRAINT inbox_preference_push CHECK (benefits_inbox OR NOT benefits_push)
);

-- Where pushes to a device go. A token belongs to the account that registered it last: phones change hands.
CREATE TABLE push_device (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    device_id text COLLATE "C" NOT NULL,
    platform text NOT NULL,
    channel text NOT NULL CHECK (
        channel IN ('apns', 'huawei', 'xiaomi', 'oppo', 'vivo', 'honor', 'harmony', 'wechat_subscribe')
    ),
    token bytea NOT NULL,
    token_index bytea NOT NULL,
    -- One-time subscriptions 一次性订阅 to each template: each lets one message out. Of other channels always 0.
    credits_new_message smallint NOT NULL DEFAULT 0 CHECK (credits_new_message BETWEEN 0 AND 100),
    credits_benefits smallint NOT NULL DEFAULT 0 CHECK (credits_benefits BETWEEN 0 AND 100),
    registered_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX push_device_own ON push_device (account_id, device_id);
CREATE UNIQUE INDEX push_device_token ON push_device (channel, token_index);

-- One message on its way to one device; its id is what the gateway tells repeats by.
CREATE TABLE push_delivery (
    id uuid PRIMARY KEY,
    message_id uuid NOT NULL REFERENCES inbox_message (id) ON DELETE CASCADE,
    account_id uuid NOT NULL,
    -- No reference: what was to go to a device that is gone is dropped when its time comes.
    push_device_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('WAITING', 'SENT', 'DROPPED', 'DEAD')),
    -- Why it was dropped or given up.
    why text,
    due_at timestamptz NOT NULL,
    tries int NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT push_delivery_finished CHECK ((state = 'WAITING') = (finished_at IS NULL))
);
CREATE INDEX push_delivery_message ON push_delivery (message_id);
CREATE INDEX push_delivery_waiting ON push_delivery (account_id) WHERE state = 'WAITING';
CREATE INDEX push_delivery_finished_at ON push_delivery (finished_at) WHERE finished_at IS NOT NULL;
