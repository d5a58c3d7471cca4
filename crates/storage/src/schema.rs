//! This room's tables.

diesel::table! {
    /// Keys sealed under the key-encryption key.
    storage_key (id) {
        id -> Int4,
        purpose -> Text,
        sealed -> Bytea,
        created_at -> Timestamptz,
        retired_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Which profiles have run on this database.
    storage_profile (profile) {
        profile -> Text,
        since -> Timestamptz,
    }
}

diesel::table! {
    /// Answers already given, by account, operation and Idempotency-Key.
    idempotency (account_id, operation, key) {
        account_id -> Uuid,
        operation -> Text,
        key -> Text,
        body_hash -> Bytea,
        status -> Nullable<Int2>,
        response -> Nullable<Bytea>,
        location -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// News for the rooms above, written in the transaction that caused it.
    outbox (id) {
        id -> Uuid,
        topic -> Text,
        payload -> Jsonb,
        created_at -> Timestamptz,
        dispatched_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Background work, leased.
    task (id) {
        id -> Uuid,
        kind -> Text,
        dedupe_key -> Nullable<Text>,
        payload -> Jsonb,
        state -> Text,
        run_at -> Timestamptz,
        lease_until -> Nullable<Timestamptz>,
        attempts -> Int4,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Who did what, for whom, where and why. Append-only.
    audit_event (id) {
        id -> Uuid,
        at -> Timestamptz,
        chain -> Text,
        actor_person -> Nullable<Uuid>,
        actor_account -> Nullable<Uuid>,
        post_id -> Nullable<Uuid>,
        org_id -> Nullable<Uuid>,
        channel -> Text,
        request_id -> Nullable<Uuid>,
        action -> Text,
        object_type -> Text,
        object_id -> Nullable<Uuid>,
        subject_person -> Nullable<Uuid>,
        changes -> Jsonb,
        reason -> Nullable<Text>,
        outcome -> Text,
        on_behalf_of -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// Audit rows that no checkpoint covers yet.
    audit_unsealed (event_id) {
        event_id -> Uuid,
    }
}

diesel::table! {
    /// What is too large for a row.
    blob (id) {
        id -> Uuid,
        created_at -> Timestamptz,
        kept -> Bool,
    }
}

diesel::table! {
    /// Its bytes, sealed.
    blob_chunk (blob_id, n) {
        blob_id -> Uuid,
        n -> Int4,
        sealed -> Bytea,
    }
}
