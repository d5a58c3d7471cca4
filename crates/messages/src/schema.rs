//! This room's tables, and the view it reads.

diesel::table! {
    notice (id) {
        id -> Uuid,
        org_id -> Uuid,
        path -> Text,
        audience -> Text,
        channels -> Array<Text>,
        title -> Text,
        summary -> Text,
        body -> Text,
        pinned_until -> Nullable<Timestamptz>,
        publish_at -> Nullable<Timestamptz>,
        published_at -> Nullable<Timestamptz>,
        expires_at -> Nullable<Timestamptz>,
        replaces_id -> Nullable<Uuid>,
        state -> Text,
        reason -> Nullable<Text>,
        written_by -> Array<Uuid>,
        submitted_at -> Nullable<Timestamptz>,
        approved_by -> Nullable<Uuid>,
        version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Who read what.
    notice_read (notice_id, account_id) {
        notice_id -> Uuid,
        account_id -> Uuid,
        at -> Timestamptz,
    }
}

diesel::table! {
    /// What accounts are told.
    inbox_message (id) {
        id -> Uuid,
        account_id -> Uuid,
        event_key -> Text,
        kind -> Text,
        title -> Text,
        body -> Text,
        link_rel -> Nullable<Text>,
        link_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        read_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// What accounts want to be told.
    inbox_preference (account_id) {
        account_id -> Uuid,
        service_push -> Bool,
        benefits_inbox -> Bool,
        benefits_push -> Bool,
        notices_push -> Bool,
        quiet_from -> Nullable<Int2>,
        quiet_to -> Nullable<Int2>,
        jobs_inbox -> Bool,
        jobs_push -> Bool,
    }
}

diesel::table! {
    /// Where pushes go.
    push_device (id) {
        id -> Uuid,
        account_id -> Uuid,
        device_id -> Text,
        platform -> Text,
        channel -> Text,
        token -> Bytea,
        token_index -> Bytea,
        credits_new_message -> Int2,
        credits_benefits -> Int2,
        registered_at -> Timestamptz,
    }
}

diesel::table! {
    /// Messages on their way to devices.
    push_delivery (id) {
        id -> Uuid,
        message_id -> Uuid,
        account_id -> Uuid,
        push_device_id -> Uuid,
        state -> Text,
        why -> Nullable<Text>,
        due_at -> Timestamptz,
        tries -> Int4,
        created_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

// Published by identity.
diesel::table! {
    person_account (person_id) {
        person_id -> Uuid,
        account_id -> Uuid,
        level -> Int2,
        mobile_index -> Nullable<Bytea>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(notice, notice_read);
diesel::allow_tables_to_appear_in_same_query!(inbox_message, push_delivery, push_device);
